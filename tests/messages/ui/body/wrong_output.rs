use finally::finally;

fn clean() {}

async fn other() {}

#[finally(clean)]
fn work() -> impl Future<Output = u8> {
    other()
}

fn main() {
    drop(work());
}
