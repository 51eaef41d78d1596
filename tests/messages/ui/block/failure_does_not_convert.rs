use finally::block::finally;

#[derive(Debug)]
struct Failure;

fn fails() -> Result<(), Failure> {
    Err(Failure)
}

fn work() -> Result<u8, u8> {
    let five = finally! {
        try { 5 }
        finally { fails() }
    };
    Ok(five)
}

fn main() {
    drop(work());
}
