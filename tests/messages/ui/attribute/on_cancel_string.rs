use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = "skip")]
async fn work() {}

fn main() {
    drop(work());
}
