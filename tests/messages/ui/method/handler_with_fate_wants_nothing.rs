use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally_with(|| println!("no fate")).await
}

fn main() {
    let _ = f();
}
