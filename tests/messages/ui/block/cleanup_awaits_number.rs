use finally::block::finally;

async fn five() -> u8 {
    5
}

async fn work() {
    finally! {
        try {}
        finally { five().await }
    }
}

fn main() {
    drop(work());
}
