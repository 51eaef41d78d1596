use finally::finally;

async fn clean(_: &str) {}

#[finally(clean(5).await)]
async fn work() {}

fn main() {
    drop(work());
}
