use finally::finally;

fn clean() {}

#[finally(clean, skip)]
async fn work() {}

fn main() {
    drop(work());
}
