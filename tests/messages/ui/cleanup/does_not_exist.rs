use finally::finally;

fn clean() {}

#[finally(claen)]
async fn work() {}

fn main() {
    clean();
    drop(work());
}
