use finally::finally;

const CLEAN: u8 = 1;

#[finally(CLEAN)]
async fn work() {}

fn main() {
    drop(work());
}
