use finally::finally;

async fn clean() {}

#[finally(async { clean() })]
async fn work() {}

fn main() {
    drop(work());
}
