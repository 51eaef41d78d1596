use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() -> Result<impl Future<Output = u8>, ()> {
    Ok(async { 1 })
}

fn main() {
    drop(work());
}
