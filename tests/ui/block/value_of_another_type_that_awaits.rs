use finally::block::finally;

async fn clean_later() {}

async fn work() -> &'static str {
    finally! {
        try {
            clean_later().await;
            5
        }
        finally {}
    }
}

fn main() {
    drop(work());
}
