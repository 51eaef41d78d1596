use finally::finally;

async fn clean() {}

#[finally({ if done { return; } clean().await })]
async fn work(done: bool) {}

fn main() {
    drop(work(true));
}
