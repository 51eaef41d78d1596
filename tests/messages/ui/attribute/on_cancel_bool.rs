use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = false)]
async fn work() {}

fn main() {
    drop(work());
}
