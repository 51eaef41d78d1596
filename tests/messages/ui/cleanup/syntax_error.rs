use finally::finally;

#[finally(clean(1 2))]
async fn work() {}

fn clean(_: u8) {}

fn main() {
    drop(work());
}
