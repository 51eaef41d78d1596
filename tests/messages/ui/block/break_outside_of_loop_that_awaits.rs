use finally::block::finally;

async fn clean_later() {}

async fn work() {
    finally! {
        try {
            clean_later().await;
            break;
        }
        finally {}
    }
}

fn main() {
    drop(work());
}
