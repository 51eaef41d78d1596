use finally::finally;
use tokio::task::JoinHandle;

fn clean() {}

#[finally(clean)]
fn work() -> JoinHandle<()> {
    tokio::spawn(async {})
}

fn main() {
    drop(work());
}
