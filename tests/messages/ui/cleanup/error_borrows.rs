use std::{error::Error, fmt};

use finally::finally;

#[derive(Debug)]
struct Busy<'a>(&'a str);

impl fmt::Display for Busy<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Busy<'_> {}

fn close(name: &str) -> Result<(), Busy<'_>> {
    Err(Busy(name))
}

#[finally(close(name))]
fn f(name: &str) -> Result<u8, Busy<'_>> {
    Ok(name.len() as u8)
}

fn main() {}
