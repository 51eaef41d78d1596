use finally::{FinallyExt, block_on_cancel};

async fn f() -> u8 {
    async { 1 }.finally(|| block_on_cancel(async { std::fs::remove_file("lock") })).await
}

fn main() {
    let _ = f;
}
