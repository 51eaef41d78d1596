use finally::finally;

fn clean(_: &str) {}

#[finally(clean(5))]
async fn work() {}

fn main() {
    drop(work());
}
