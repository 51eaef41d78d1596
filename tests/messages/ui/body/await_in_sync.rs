use finally::finally;

async fn rest() {}

fn clean() {}

#[finally(clean)]
fn work() {
    rest().await;
}

fn main() {
    work();
}
