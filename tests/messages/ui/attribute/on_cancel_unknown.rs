use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = skp)]
async fn work() {}

fn main() {
    drop(work());
}
