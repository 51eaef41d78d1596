use std::rc::Rc;

use finally::finally;

// As far as the attribute sees, `Held` may be a parameter of an `impl` block.
#[finally({ let held = Held::default(); close().await; drop(held.0) }, on_cancel = block)]
async fn f() {}

#[derive(Default)]
struct Held(Rc<u8>);

async fn close() {}

fn main() {}
