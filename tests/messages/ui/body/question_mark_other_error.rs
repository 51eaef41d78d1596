use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() -> Result<u8, String> {
    Ok("5".parse::<u8>()?)
}

fn main() {
    drop(work());
}
