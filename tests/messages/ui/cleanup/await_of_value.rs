use finally::finally;

fn clean() {}

#[finally(clean().await)]
async fn work() {}

fn main() {
    drop(work());
}
