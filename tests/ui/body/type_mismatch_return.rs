use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() -> u8 {
    return "text";
}

fn main() {
    drop(work());
}
