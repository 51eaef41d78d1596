use finally::finally;

fn clean() {}

#[finally(clean, crate = ::std)]
async fn work() {}

fn main() {
    drop(work());
}
