use finally::block::finally;

async fn clean_later() {}

async fn work() -> u8 {
    finally! {
        <u8> try {
            clean_later().await;
            "five"
        }
        finally {}
    }
}

fn main() {
    drop(work());
}
