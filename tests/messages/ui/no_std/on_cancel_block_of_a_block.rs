use finally::block::finally;

async fn clean() {}

async fn work() {
    finally! {
        try { clean().await }
        finally(on_cancel = block) { clean().await }
    }
}

fn main() {
    drop(work());
}
