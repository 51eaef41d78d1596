use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean, on_cancel = block)]
async fn work() -> u8 {
    1
}

fn main() {
    drop(work());
}
