use finally::finally;

#[finally({ drop(name); drop(name) })]
async fn work(name: String) {}

fn main() {
    drop(work(String::new()));
}
