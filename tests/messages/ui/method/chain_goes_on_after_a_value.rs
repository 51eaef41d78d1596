use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally(|| 2).finally(|| {}).await
}

fn main() {
    let _ = f;
}
