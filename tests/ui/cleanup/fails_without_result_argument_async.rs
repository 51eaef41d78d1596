use finally::finally;

async fn clean(_: u8) -> Result<(), String> {
    Ok(())
}

#[finally(clean(code))]
async fn work(code: u8) -> u8 {
    code
}

fn main() {
    drop(work(1));
}
