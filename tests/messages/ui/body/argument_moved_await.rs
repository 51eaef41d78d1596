use finally::finally;

async fn clean(_: String) {}

#[finally(clean(name).await)]
async fn work(name: String) {
    drop(name);
}

fn main() {
    drop(work(String::new()));
}
