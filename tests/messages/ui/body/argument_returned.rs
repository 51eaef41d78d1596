use finally::finally;

fn clean(_: &str) {}

#[finally(clean(&name))]
async fn work(name: String) -> String {
    name
}

fn main() {
    drop(work(String::new()));
}
