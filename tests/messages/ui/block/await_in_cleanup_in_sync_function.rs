use finally::block::finally;

async fn clean_later() {}

fn main() {
    finally! {
        try {}
        finally { clean_later().await }
    }
}
