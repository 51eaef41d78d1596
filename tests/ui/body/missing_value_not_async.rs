use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() -> u8 {}

fn main() {
    drop(work());
}
