//! The error of a future is known from the signature alone, and implements no `Display`.

use finally::finally;

#[derive(Debug)]
struct Refused;

fn clean() {}

#[finally(clean)]
fn work(code: u8) -> impl Future<Output = Result<(), Refused>> {
    async move {
        if code == 0 {
            return Ok(());
        }
        Ok(())
    }
}

fn main() {
    let _ = (work(1), Refused);
}
