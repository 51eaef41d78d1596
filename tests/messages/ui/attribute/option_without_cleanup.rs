use finally::finally;

#[finally(on_cancel = skip)]
async fn work() {}

fn main() {
    drop(work());
}
