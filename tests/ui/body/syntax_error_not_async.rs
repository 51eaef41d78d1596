use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() {
    let x = ;
}

fn main() {
    work();
}
