use std::rc::Rc;

use finally::FinallyExt;

async fn f(lock: Rc<str>) -> u8 {
    async { 1 }
        .finally(|| async move {
            std::future::ready(()).await;
            drop(lock);
        })
        .await
}

fn main() {
    let _ = f("".into());
}
