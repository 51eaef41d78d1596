use finally::finally;

async fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
fn work() -> impl Future<Output = u8> {
    async { 1 }
}

fn main() {
    drop(work());
}
