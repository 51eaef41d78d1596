use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    "5".parse::<u8>()?;
}

fn main() {
    drop(work());
}
