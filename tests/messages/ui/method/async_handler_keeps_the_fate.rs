use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally_with(|fate| async move { println!("{fate:?}") }).await
}

fn main() {
    let _ = f;
}
