use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally_with(|_| std::fs::remove_file("lock")).await
}

fn main() {
    let _ = f;
}
