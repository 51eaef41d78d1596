use finally::finally;

async fn clean() {}

#[tokio::main]
#[finally(clean().await)]
async fn work() {}

fn main() {
    work();
}
