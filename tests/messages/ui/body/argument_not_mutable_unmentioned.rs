use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work(list: Vec<u8>) {
    list.push(1);
}

fn main() {
    drop(work(Vec::new()));
}
