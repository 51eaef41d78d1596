use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    1
}

fn main() {
    drop(work());
}
