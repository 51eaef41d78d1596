use finally::finally;

fn clean() {}

#[finally("clean")]
async fn work() {}

fn main() {
    drop(work());
}
