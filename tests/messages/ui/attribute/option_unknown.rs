use finally::finally;

fn clean() {}

#[finally(clean, on_cancl = skip)]
async fn work() {}

fn main() {
    drop(work());
}
