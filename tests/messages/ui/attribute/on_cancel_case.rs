use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = Skip)]
async fn work() {}

fn main() {
    drop(work());
}
