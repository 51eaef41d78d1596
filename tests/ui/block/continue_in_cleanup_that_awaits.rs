use finally::block::finally;

async fn clean_later() {}

async fn work(list: &[u8]) {
    for item in list {
        drop(item);
        finally! {
            try {}
            finally {
                clean_later().await;
                continue
            }
        }
    }
}

fn main() {
    drop(work(&[]));
}
