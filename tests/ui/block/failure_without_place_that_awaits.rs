use finally::block::finally;

#[derive(Debug)]
struct Failure;

fn fails() -> Result<(), Failure> {
    Err(Failure)
}

async fn fails_later() -> Result<(), Failure> {
    Err(Failure)
}

async fn work() -> u8 {
    finally! {
        try { 5 }
        finally { fails_later().await }
    }
}

fn main() {
    drop(work());
}
