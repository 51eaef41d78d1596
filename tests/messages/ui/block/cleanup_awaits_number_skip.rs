use finally::block::finally;

async fn five() -> u8 {
    5
}

async fn work() {
    finally! {
        try {}
        finally(on_cancel = skip) { five().await }
    }
}

fn main() {
    drop(work());
}
