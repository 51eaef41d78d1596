use finally::finally;

async fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
async fn work() {}

fn main() {
    drop(work());
}
