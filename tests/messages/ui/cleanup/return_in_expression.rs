use finally::finally;

#[finally({ if *done { return; } println!("clean") })]
async fn work(done: &bool) {}

fn main() {
    drop(work(&true));
}
