use finally::finally;

async fn clean(_: &str) {}

#[finally(clean(&name).await, on_cancel = skip)]
async fn work(name: String) {
    drop(name);
}

fn main() {
    drop(work(String::new()));
}
