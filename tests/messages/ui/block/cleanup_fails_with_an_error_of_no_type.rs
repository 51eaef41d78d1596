use finally::block::finally;

fn unlock() -> Result<(), std::io::Error> {
    Ok(())
}

fn work() -> Result<u8, std::io::Error> {
    finally! {
        try { Ok(1) }
        finally { unlock()?; Ok(()) }
    }
}

fn main() {}
