use finally::finally;

#[finally(drop(nane))]
async fn work(name: String) {
    drop(name);
}

fn main() {
    drop(work(String::new()));
}
