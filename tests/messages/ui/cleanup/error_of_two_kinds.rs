use finally::finally;

#[derive(Debug)]
struct CloseError;

async fn close() -> Result<(), CloseError> {
    Err(CloseError)
}

#[finally(close().await)]
async fn work() -> Result<u8, std::num::ParseIntError> {
    "5".parse()
}

fn main() {
    drop(work());
}
