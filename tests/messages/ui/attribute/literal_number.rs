use finally::finally;

#[finally(5)]
async fn work() {}

fn main() {
    drop(work());
}
