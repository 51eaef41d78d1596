use finally::finally;

fn clean() -> u32 {
    1
}

#[finally(clean)]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
