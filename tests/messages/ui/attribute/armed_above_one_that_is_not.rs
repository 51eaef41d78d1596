use finally::{finally, lastly};

fn clean() {}

#[finally(clean, armed = call)]
#[lastly(clean)]
async fn work() {}

fn main() {
    drop(work());
}
