use finally::lastly;

async fn clean() {}

#[tokio::main]
#[lastly(clean(), on_cancel = skip)]
async fn work() {}

fn main() {
    work();
}
