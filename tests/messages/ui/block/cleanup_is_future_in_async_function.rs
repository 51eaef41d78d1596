use finally::block::finally;

async fn clean_later() {}

async fn work() {
    finally! {
        try {}
        finally { clean_later() }
    }
}

fn main() {
    drop(work());
}
