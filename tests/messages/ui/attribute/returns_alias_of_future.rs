use std::pin::Pin;

use finally::finally;

type BoxedWork = Pin<Box<dyn Future<Output = u8> + Send>>;

fn clean() {}

#[finally(clean)]
fn work() -> BoxedWork {
    Box::pin(async { 1 })
}

fn main() {
    drop(work());
}
