use finally::finally;

fn clean(_: u8) {}

#[finally(clean(code))]
async fn work(code: u8) {
    missing();
}

fn main() {
    drop(work(1));
}
