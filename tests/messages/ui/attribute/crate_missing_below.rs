use finally::finally;

fn clean() {}

#[finally(clean)]
#[finally(clean, crate = ::elsewhere)]
async fn work() {}

fn main() {
    drop(work());
}
