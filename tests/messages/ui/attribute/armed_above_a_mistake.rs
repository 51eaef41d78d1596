use finally::finally;

fn clean() {}

#[finally(clean, armed = call)]
#[finally(clean, armed = cal)]
async fn work() {}

fn main() {
    drop(work());
}
