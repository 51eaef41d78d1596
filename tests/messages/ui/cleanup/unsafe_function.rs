use finally::finally;

unsafe fn clean() {}

#[finally(clean)]
async fn work() {}

fn main() {
    drop(work());
}
