use std::pin::Pin;

use finally::finally;

fn clean() {}

#[finally(clean, armed = call)]
fn work() -> Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { 1 })
}

fn main() {
    drop(work());
}
