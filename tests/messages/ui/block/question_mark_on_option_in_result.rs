use finally::block::finally;

fn work() -> Result<u8, std::fmt::Error> {
    Ok(finally! {
        try { "5".chars().next()?.len_utf8() as u8 }
        finally {}
    })
}

fn main() {
    drop(work());
}
