use finally::finally;

#[finally(|code: u8| drop(code))]
fn work() {}

fn main() {
    work();
}
