use finally::finally;

fn clean() {}

#[finally(clean, on_cancel = OnCancel::Skip)]
async fn work() {}

fn main() {
    drop(work());
}
