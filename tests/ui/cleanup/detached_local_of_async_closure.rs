use finally::finally;

async fn clean(_: &str) {}

#[finally(async || clean(name).await)]
async fn work(name: &str) {}

fn main() {
    drop(work("x"));
}
