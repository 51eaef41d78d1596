use finally::block::finally;

#[derive(Debug)]
struct Failure;

fn fails() -> Result<(), Failure> {
    Err(Failure)
}

async fn fails_later() -> Result<(), Failure> {
    Err(Failure)
}

async fn work() -> Result<u8, u8> {
    let five = finally! {
        try { 5 }
        finally { fails_later().await }
    };
    Ok(five)
}

fn main() {
    drop(work());
}
