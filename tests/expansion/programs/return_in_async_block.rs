//! A `return` in an async block ends that block.

use finally::finally;

#[finally(async { return; })]
async fn work(_done: bool) {}

fn main() {
    drop(work(true));
}
