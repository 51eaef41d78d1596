use finally::finally;

async fn clean() {}

#[finally(clean)]
fn work() {}

fn main() {
    work();
}
