use finally::finally;

#[finally(println)]
async fn work() {}

fn main() {
    drop(work());
}
