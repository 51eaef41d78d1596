use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() -> u8 {
    "text"
}

fn main() {
    drop(work());
}
