use finally::finally;

use std::pin::Pin;

fn clean() {}

#[finally(clean)]
fn work() -> Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { "text" })
}

fn main() {
    drop(work());
}
