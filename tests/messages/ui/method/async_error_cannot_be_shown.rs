use finally::FinallyExt;

struct Hidden;

async fn f() -> Result<u8, Hidden> {
    async { Ok(1) }.finally(async || Err(Hidden)).await
}

fn main() {
    let _ = f;
}
