use finally::finally;

fn clean(_: u8) {}

#[finally(clean)]
fn work() {}

fn main() {
    work();
}
