use finally::finally;

async fn clean(_: &str) {}

#[finally(async || clean(name).await)]
async fn work(name: &str) {
    clean(name).await;
}

fn main() {
    drop(work("x"));
}
