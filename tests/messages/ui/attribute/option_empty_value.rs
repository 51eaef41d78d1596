use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = )]
async fn work() {}

fn main() {
    drop(work());
}
