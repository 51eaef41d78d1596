use finally::finally;

fn clean() {}

#[finally(clean)]
use std::mem::drop as work;

fn main() {
    work(1);
}
