use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = 5)]
async fn work() {}

fn main() {
    drop(work());
}
