use finally::finally;

async fn clean() {}

#[tokio::main]
#[finally(clean)]
async fn work() {}

fn main() {
    work();
}
