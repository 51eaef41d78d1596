use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work(code: Missing) -> u8 {
    drop(code);
    1
}

fn main() {
    drop(work(1));
}
