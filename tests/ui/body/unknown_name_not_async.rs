use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() {
    missing();
}

fn main() {
    drop(work());
}
