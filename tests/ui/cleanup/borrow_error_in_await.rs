use finally::finally;

async fn clean(_: String) {}

#[finally({ clean(name).await; clean(name).await })]
async fn work(name: String) {}

fn main() {
    drop(work(String::new()));
}
