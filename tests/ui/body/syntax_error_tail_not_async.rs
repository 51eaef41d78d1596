use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() -> u8 {
    1 2
}

fn main() {
    drop(work());
}
