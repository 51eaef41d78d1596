use finally::finally;

#[finally(|code: u8| drop(code))]
async fn work() {}

fn main() {
    drop(work());
}
