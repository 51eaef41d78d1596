use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally(|| Ok::<u8, std::io::Error>(2)).await
}

fn main() {
    let _ = f;
}
