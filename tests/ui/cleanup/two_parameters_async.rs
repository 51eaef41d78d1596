use finally::finally;

#[finally(async |fate, conn| drop((fate, conn)))]
async fn work() {}

fn main() {
    drop(work());
}
