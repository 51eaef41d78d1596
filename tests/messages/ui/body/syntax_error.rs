use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    let x = ;
}

fn main() {
    drop(work());
}
