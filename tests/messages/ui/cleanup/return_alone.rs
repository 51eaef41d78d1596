use finally::finally;

#[finally(return)]
async fn work() {}

fn main() {
    drop(work());
}
