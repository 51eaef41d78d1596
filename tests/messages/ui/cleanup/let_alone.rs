use finally::finally;

#[finally(let done = true)]
async fn work() {}

fn main() {
    drop(work());
}
