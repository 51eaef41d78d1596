use finally::finally;

fn clean() {}

#[finally(clean)]
fn work() -> impl Future<Output = u8> {
    1_u8
}

fn main() {
    drop(work());
}
