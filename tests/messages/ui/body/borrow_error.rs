use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    let text = String::new();
    drop(text);
    drop(text);
}

fn main() {
    drop(work());
}
