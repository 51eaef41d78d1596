use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally(|fate: u8| drop(fate)).await
}

fn main() {
    let _ = f();
}
