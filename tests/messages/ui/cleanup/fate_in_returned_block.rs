use finally::finally;

#[finally(|fate| async move { println!("{}", fate.is_cancelled()) })]
async fn work() {}

fn main() {
    drop(work());
}
