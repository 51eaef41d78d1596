use finally::finally;

fn clean() {}

#[finally(clean, armed = cal)]
async fn work() {}

fn main() {
    drop(work());
}
