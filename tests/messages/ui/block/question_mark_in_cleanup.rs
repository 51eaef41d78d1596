use finally::block::finally;

fn work(text: &str) -> Result<u8, std::num::ParseIntError> {
    Ok(finally! {
        try { 5 }
        finally { drop(text.parse::<u8>()?) }
    })
}

fn main() {
    drop(work(""));
}
