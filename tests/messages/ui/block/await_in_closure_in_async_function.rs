use finally::block::finally;

fn clean() {}

async fn clean_later() {}

async fn work() -> Option<u8> {
    Some(1).map(|one| {
        finally! {
            try {
                clean_later().await;
                one
            }
            finally { clean() }
        }
    })
}

fn main() {
    drop(work());
}
