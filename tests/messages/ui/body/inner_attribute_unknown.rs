use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    #![missing]
}

fn main() {
    drop(work());
}
