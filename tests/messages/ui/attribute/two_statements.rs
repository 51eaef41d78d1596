use finally::finally;

fn clean() {}

#[finally(clean(); clean())]
async fn work() {}

fn main() {
    drop(work());
}
