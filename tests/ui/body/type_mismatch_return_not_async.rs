use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() -> u8 {
    return "text";
}

fn main() {
    drop(work());
}
