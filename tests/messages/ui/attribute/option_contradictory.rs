use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = skip, on_cancel = block)]
async fn work() {}

fn main() {
    drop(work());
}
