use finally::finally;

use std::thread::spawn;

#[finally(spawn(|| ()))]
async fn work() {}

fn main() {
    drop(work());
}
