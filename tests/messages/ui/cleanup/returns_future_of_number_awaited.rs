use finally::finally;

async fn clean() -> u32 {
    1
}

#[finally(clean().await)]
async fn work() {}

fn main() {
    drop(work());
}
