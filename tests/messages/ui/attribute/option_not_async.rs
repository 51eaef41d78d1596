use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = skip)]
fn work() {}

fn main() {
    work();
}
