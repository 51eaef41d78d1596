use std::rc::Rc;

use finally::finally;

// As far as the attribute sees, `Held` may be a parameter of an `impl` block.
#[finally({ let held = Held::default(); close().await; drop(held) }, on_cancel = block)]
async fn f() {}

#[derive(Default)]
struct Held(#[allow(dead_code)] Rc<u8>);

async fn close() {}

fn main() {}
