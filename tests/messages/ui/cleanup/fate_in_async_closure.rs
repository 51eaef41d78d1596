use finally::finally;

async fn log(_: Option<&String>) {}

#[finally(async |fate| log(fate.error()).await)]
async fn work() -> Result<(), String> {
    log(None).await;
    Ok(())
}

fn main() {
    drop(work());
}
