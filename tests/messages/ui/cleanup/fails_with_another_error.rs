use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
async fn work() -> Result<u8, std::io::Error> {
    Ok(1)
}

fn main() {
    drop(work());
}
