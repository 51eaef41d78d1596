use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() {
    "5".parse::<u8>()?;
}

fn main() {
    work();
}
