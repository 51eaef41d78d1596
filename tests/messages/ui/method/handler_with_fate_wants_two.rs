use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally_with(|_, _| {}).await
}

fn main() {
    let _ = f;
}
