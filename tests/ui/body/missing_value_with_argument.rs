use finally::finally;

fn clean(_: u8) {}

#[finally(clean(code))]
async fn work(code: u8) -> u8 {}

fn main() {
    drop(work(1));
}
