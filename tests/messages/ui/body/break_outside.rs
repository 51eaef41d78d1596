use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    break;
}

fn main() {
    drop(work());
}
