use finally::finally;

fn clean() {}

#[finally(clean, crate = "::finally")]
async fn work() {}

fn main() {
    drop(work());
}
