use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
async fn work() {}

fn main() {
    drop(work());
}
