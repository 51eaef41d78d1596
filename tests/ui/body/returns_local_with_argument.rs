use finally::finally;

fn clean(_: u8) {}

#[finally(clean(code))]
async fn work(code: u8) -> &'static str {
    let text = String::new();
    &text
}

fn main() {
    drop(work(1));
}
