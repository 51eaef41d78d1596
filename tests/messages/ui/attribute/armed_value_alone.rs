use finally::finally;

fn clean() {}

#[finally(clean, call)]
async fn work() {}

fn main() {
    drop(work());
}
