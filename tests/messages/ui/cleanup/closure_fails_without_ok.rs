use finally::finally;

fn unlock() -> Result<(), std::io::Error> {
    Ok(())
}

#[finally(|| { unlock()?; })]
async fn work() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {}
