use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally(|| Some(2)).await
}

fn main() {
    let _ = f;
}
