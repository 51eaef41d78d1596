use finally::finally;

fn clean() -> impl FnOnce() {
    || ()
}

#[finally(clean)]
async fn work() {}

fn main() {
    drop(work());
}
