use finally::finally;

fn clean() {}

#[finally(clean, timeout = 5)]
async fn work() {}

fn main() {
    drop(work());
}
