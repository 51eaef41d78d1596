use finally::FinallyStreamExt;
use futures::stream::{self, StreamExt};

async fn f(lock: std::rc::Rc<str>) -> Option<u8> {
    stream::iter([1]).finally(async move || drop(lock)).next().await
}

fn main() {
    let _ = f;
}
