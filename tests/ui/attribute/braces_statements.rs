use finally::finally;

fn clean() {}

#[finally(let x = 1)]
async fn work() {}

fn main() {
    drop(work());
}
