use finally::finally;

#[finally(|fate, conn| drop((fate, conn)))]
async fn work() {}

fn main() {
    drop(work());
}
