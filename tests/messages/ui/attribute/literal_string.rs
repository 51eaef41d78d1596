use finally::finally;

#[finally("close the connection")]
async fn work() {}

fn main() {
    drop(work());
}
