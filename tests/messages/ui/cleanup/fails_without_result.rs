use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
async fn work() -> u8 {
    1
}

fn main() {
    drop(work());
}
