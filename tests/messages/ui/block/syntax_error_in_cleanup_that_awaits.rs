use finally::block::finally;

async fn clean_later() {}

async fn work() {
    finally! {
        try {}
        finally { clean_later().await clean_later().await }
    }
}

fn main() {
    drop(work());
}
