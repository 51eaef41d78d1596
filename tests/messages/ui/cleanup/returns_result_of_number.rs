use finally::finally;

fn clean() -> Result<u32, String> {
    Ok(1)
}

#[finally(clean)]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
