use finally::finally;

#[finally(async {})]
fn work() {}

fn main() {
    work();
}
