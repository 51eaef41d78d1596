use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() -> Missing {
    1
}

fn main() {
    drop(work());
}
