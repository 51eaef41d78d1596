use finally::finally;

async fn clean() -> u32 {
    1
}

#[finally(clean)]
async fn work() {}

fn main() {
    drop(work());
}
