use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() {
    missing();
}

fn main() {
    work();
}
