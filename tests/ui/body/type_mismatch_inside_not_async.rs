use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() {
    let _: u8 = "text";
}

fn main() {
    work();
}
