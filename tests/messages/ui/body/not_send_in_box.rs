use std::{pin::Pin, rc::Rc};

use finally::finally;

#[finally(println!("end"))]
fn work(rc: Rc<usize>) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        std::future::ready(()).await;
        *rc
    })
}

fn main() {
    drop(work(Rc::new(1)));
}
