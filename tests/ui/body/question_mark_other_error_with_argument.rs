use finally::finally;

fn clean(_: u8) {}

#[finally(clean(code))]
async fn work(code: u8) -> Result<u8, String> {
    Ok("5".parse::<u8>()?)
}

fn main() {
    drop(work(1));
}
