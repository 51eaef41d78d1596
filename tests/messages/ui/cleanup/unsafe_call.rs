use finally::finally;

unsafe fn clean(_: u8) {}

#[finally(clean(1))]
async fn work() {}

fn main() {
    drop(work());
}
