use finally::finally;

fn check() -> Result<(), String> {
    Ok(())
}

#[finally({ check()?; Ok(()) })]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
