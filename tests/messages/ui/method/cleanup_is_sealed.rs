use std::future::{Ready, ready};

use finally::types::Cleanup;

struct Close;

enum Closing {}

impl Cleanup<Closing> for Close {
    type Value = ();
    type Future = Ready<()>;
    type Work = Ready<()>;
    type Detached = Ready<()>;

    fn into_work(self) -> Ready<()> {
        ready(())
    }

    fn into_future(self) -> Ready<()> {
        ready(())
    }
}

fn main() {}
