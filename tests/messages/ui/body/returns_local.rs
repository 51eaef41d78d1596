use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() -> &'static str {
    let text = String::new();
    &text
}

fn main() {
    drop(work());
}
