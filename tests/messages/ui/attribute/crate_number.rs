use finally::finally;

fn clean() {}

#[finally(clean, crate = 1)]
async fn work() {}

fn main() {
    drop(work());
}
