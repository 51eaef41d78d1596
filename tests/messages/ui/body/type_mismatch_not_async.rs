use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() -> u8 {
    "text"
}

fn main() {
    drop(work());
}
