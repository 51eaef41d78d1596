use finally::FinallyExt;

fn release(_: u8) {}

async fn f() -> u8 {
    async { 1 }.finally(release).await
}

fn main() {
    let _ = f;
}
