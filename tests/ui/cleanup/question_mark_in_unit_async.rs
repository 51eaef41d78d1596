use finally::finally;

async fn check() -> Result<(), String> {
    Ok(())
}

#[finally({ check().await?; })]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
