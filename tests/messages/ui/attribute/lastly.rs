use finally::lastly;

#[lastly]
async fn work() {}

fn main() {
    drop(work());
}
