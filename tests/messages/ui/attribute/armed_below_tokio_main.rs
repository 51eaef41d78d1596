use finally::finally;

async fn clean() {}

#[tokio::main]
#[finally(clean(), armed = call)]
async fn work() {}

fn main() {
    work();
}
