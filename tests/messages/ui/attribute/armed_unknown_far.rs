use finally::finally;

fn clean() {}

#[finally(clean, armed = true)]
async fn work() {}

fn main() {
    drop(work());
}
