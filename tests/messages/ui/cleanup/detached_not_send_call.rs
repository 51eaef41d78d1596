use finally::finally;

use std::rc::Rc;

async fn clean(count: Rc<u8>) {
    drop(count);
}

#[finally(clean(count.clone()))]
async fn work(count: Rc<u8>) {}

fn main() {
    drop(work(Rc::new(1)));
}
