use finally::FinallyExt;

async fn f() -> Option<u8> {
    async { Some(1) }.finally(|| std::fs::remove_file("lock")).await
}

fn main() {
    let _ = f;
}
