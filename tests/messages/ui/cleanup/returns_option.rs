use finally::finally;

fn clean() -> Option<()> {
    None
}

#[finally(clean)]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
