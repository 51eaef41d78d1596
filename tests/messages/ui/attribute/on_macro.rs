use finally::finally;

fn clean() {}

#[finally(clean)]
macro_rules! work {
    () => {};
}

fn main() {
    work!();
}
