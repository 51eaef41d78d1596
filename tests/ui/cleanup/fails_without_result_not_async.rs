use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
fn work() -> u8 {
    1
}

fn main() {
    work();
}
