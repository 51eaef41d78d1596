use finally::block::finally;

fn clean() {}

async fn clean_later() {}

fn main() {
    finally! {
        try { tokio::join!(clean_later(), clean_later()); }
        finally { clean() }
    }
}
