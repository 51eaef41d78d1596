use finally::finally;

use std::rc::Rc;

fn clean() {}

async fn rest() {}

#[finally(clean)]
async fn work() {
    let count = Rc::new(1);
    rest().await;
    drop(count);
}

fn spawn<T: Send>(_: T) {}

fn main() {
    spawn(work());
}
