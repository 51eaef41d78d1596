use finally::finally;

async fn clean() {}

#[finally(clean().await)]
fn work() {}

fn main() {
    work();
}
