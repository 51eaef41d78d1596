use finally::finally;

use std::rc::Rc;

async fn rest() {}

async fn clean() {
    let count = Rc::new(1);
    rest().await;
    drop(count);
}

#[finally(clean)]
async fn work() {}

fn main() {
    drop(work());
}
