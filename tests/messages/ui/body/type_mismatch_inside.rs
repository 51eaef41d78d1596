use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work() {
    let _: u8 = "text";
}

fn main() {
    drop(work());
}
