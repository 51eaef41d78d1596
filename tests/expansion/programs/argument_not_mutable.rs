//! An argument that the cleanup mentions is borrowed uniquely, so it is mutable in the body, `mut` or not.

use finally::finally;

fn clean(_: &[u8]) {}

#[finally(clean(&list))]
async fn work(list: Vec<u8>) {
    list.push(1);
}

fn main() {
    drop(work(Vec::new()));
}
