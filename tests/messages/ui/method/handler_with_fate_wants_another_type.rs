use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally_with(|fate: u16| drop(fate)).await
}

fn main() {
    let _ = f;
}
