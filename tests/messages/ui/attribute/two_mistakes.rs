use finally::finally;

fn clean() {}

#[finally(clean, on_cancl = skip, on_cancel = skp)]
async fn work() {}

fn main() {
    drop(work());
}
