use finally::finally;

fn clean() -> u32 {
    1
}

#[finally(clean)]
fn work() {}

fn main() {
    work();
}
