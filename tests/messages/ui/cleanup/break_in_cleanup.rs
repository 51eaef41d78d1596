use finally::finally;

#[finally({ break; })]
async fn work() {}

fn main() {
    drop(work());
}
