use finally::block::finally;

async fn clean_later() {}

async fn work() {
    finally! {
        try { clean_later().await }
        finally { 5 }
    }
}

fn main() {
    drop(work());
}
