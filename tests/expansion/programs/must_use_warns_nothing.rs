//! A cleanup's result is used, so nobody has to.

#![deny(warnings)]

use finally::finally;

#[finally(Err("no"))]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
