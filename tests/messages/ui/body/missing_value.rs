use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() -> u8 {}

fn main() {
    drop(work());
}
