use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = abort)]
async fn work() {}

fn main() {
    drop(work());
}
