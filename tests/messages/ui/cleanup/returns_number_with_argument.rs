use finally::finally;

fn clean(by: u32) -> u32 {
    by
}

#[finally(clean(by))]
async fn work(by: u32) {}

fn main() {
    drop(work(1));
}
