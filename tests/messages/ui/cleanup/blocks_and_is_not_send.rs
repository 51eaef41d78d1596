use std::rc::Rc;

use finally::finally;

#[finally({ let held = Rc::new(1); close().await; drop(held) }, on_cancel = block)]
async fn f() {}

async fn close() {}

fn main() {}
