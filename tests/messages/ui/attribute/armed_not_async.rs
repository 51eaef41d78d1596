use finally::finally;

fn clean() {}

#[finally(clean, armed = call)]
fn work() {}

fn main() {
    work();
}
