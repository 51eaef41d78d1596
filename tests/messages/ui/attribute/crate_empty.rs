use finally::finally;

fn clean() {}

#[finally(clean, crate = )]
async fn work() {}

fn main() {
    drop(work());
}
