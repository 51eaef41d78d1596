use std::rc::Rc;

use finally::block::finally;

fn clean() {}

fn spawn(_: impl Future + Send) {}

fn main() {
    let id = Rc::new(1);
    spawn(finally! {
        async move { println!("{id}") }
        finally { clean() }
    });
}
