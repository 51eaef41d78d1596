use finally::lastly;

fn clean() {}

#[lastly(clean, armed = call)]
#[tracing::instrument]
async fn work() {}

fn main() {
    drop(work());
}
