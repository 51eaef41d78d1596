use finally::finally;

async fn clean() {}

#[finally({ if done { return; } clean().await })]
async fn work(done: bool) {
    clean().await;
}

fn main() {
    drop(work(true));
}
