use finally::finally;

async fn clean() {}

#[finally(clean(), armed = call)]
#[tokio::main]
async fn work() {}

fn main() {
    drop(work());
}
