use finally::finally;

fn clean() {}

#[finally(on_cancel = skip, clean)]
async fn work() {}

fn main() {
    drop(work());
}
