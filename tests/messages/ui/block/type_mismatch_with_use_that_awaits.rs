use finally::block::finally;

async fn clean_later() {}

async fn work() -> u8 {
    finally! {
        <u16> try {
            clean_later().await;
            5
        }
        finally {}
    }
}

fn main() {
    drop(work());
}
