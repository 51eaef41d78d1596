#![deny(unused_variables)]

use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    let unused = 1;
}

fn main() {
    drop(work());
}
