use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean, on_cancel = block)]
async fn work() -> Result<u8, std::io::Error> {
    Ok(1)
}

fn main() {
    drop(work());
}
