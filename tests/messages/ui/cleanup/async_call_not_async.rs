use finally::finally;

async fn clean(_: u8) {}

#[finally(clean(1))]
fn work() {}

fn main() {
    work();
}
