use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally_with(|fate| fate.is_returned()).await
}

fn main() {
    let _ = f;
}
