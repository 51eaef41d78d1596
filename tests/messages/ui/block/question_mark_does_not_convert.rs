use finally::block::finally;

fn work() -> Result<u8, std::fmt::Error> {
    Ok(finally! {
        try { "5".parse::<u8>()? }
        finally {}
    })
}

fn main() {
    drop(work());
}
