use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
async fn work() -> Option<u8> {
    None
}

fn main() {
    drop(work());
}
