use finally::FinallyExt;

async fn f(lock: std::pin::Pin<Box<dyn Future<Output = ()>>>) -> u8 {
    async { 1 }.finally(|| lock).await
}

fn main() {
    let _ = f;
}
