use finally::block::finally;

async fn clean_later() {}

async fn work() {
    finally! {
        try {
            clean_later().await;
            "5".parse::<u8>()?;
        }
        finally {}
    }
}

fn main() {
    drop(work());
}
