use finally::finally;

fn clean() {}

#[finally(clean)]
const fn work() {}

fn main() {
    work();
}
