use finally::FinallyExt;

async fn f() -> Result<u8, std::fmt::Error> {
    async { Ok(1) }.finally(|| std::fs::remove_file("lock")).await
}

fn main() {
    let _ = f;
}
