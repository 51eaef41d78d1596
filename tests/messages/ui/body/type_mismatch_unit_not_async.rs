use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() {
    1
}

fn main() {
    work();
}
