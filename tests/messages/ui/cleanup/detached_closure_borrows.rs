use finally::finally;

async fn clean(_: &str) {}

#[finally(|| clean(name))]
async fn work(name: &str) {}

fn main() {
    drop(work("x"));
}
