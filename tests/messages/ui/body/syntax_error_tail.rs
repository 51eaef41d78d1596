use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() -> u8 {
    1 2
}

fn main() {
    drop(work());
}
