use finally::finally;

fn clean() {}

#[finally(clean, armed = call, crate = ::std)]
async fn work() {}

fn main() {
    drop(work());
}
