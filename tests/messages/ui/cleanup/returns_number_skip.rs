use finally::finally;

fn clean() -> u32 {
    1
}

#[finally(clean, on_cancel = skip)]
async fn work() {}

fn main() {
    drop(work());
}
