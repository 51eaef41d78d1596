use finally::FinallyExt;

async fn release() {}

async fn f() -> u8 {
    async { 1 }.finally(release()).await
}

fn main() {
    let _ = f;
}
