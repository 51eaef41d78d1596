use finally::FinallyStreamExt;
use futures::stream::{self, StreamExt};

async fn f() -> Option<u8> {
    stream::iter([1]).finally(println!("called already")).next().await
}

fn main() {
    let _ = f;
}
