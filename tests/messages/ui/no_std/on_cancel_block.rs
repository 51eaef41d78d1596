use finally::finally;

async fn clean() {}

#[finally(clean().await, on_cancel = block)]
async fn work() {}

fn main() {
    drop(work());
}
