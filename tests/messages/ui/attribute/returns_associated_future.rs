use std::{future::{Ready, ready}, ops::Not};

use finally::finally;

struct Service;

impl Not for Service {
    type Output = Ready<u8>;

    #[finally(println!("clean"))]
    fn not(self) -> Self::Output {
        ready(1)
    }
}

fn main() {
    drop(!Service);
}
