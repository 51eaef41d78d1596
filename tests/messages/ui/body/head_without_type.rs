use finally::finally;

fn clean() {}

#[finally(clean)]
async fn work(url: ) -> u8 {
    1
}

fn main() {
    drop(work);
}
