use finally::finally;

fn clean(_: u8) {}

#[finally(clean)]
async fn work() {}

fn main() {
    drop(work());
}
