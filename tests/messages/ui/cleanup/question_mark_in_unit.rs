use finally::finally;

fn check() -> Result<(), String> {
    Ok(())
}

#[finally({ check()?; })]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
