use finally::FinallyStreamExt;
use futures::stream::{self, StreamExt};

async fn f(lock: String) -> Option<u8> {
    stream::iter([1]).finally(async || println!("{lock}")).next().await
}

fn main() {
    let _ = f;
}
