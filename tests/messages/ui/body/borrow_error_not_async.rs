use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() {
    let text = String::new();
    drop(text);
    drop(text);
}

fn main() {
    work();
}
