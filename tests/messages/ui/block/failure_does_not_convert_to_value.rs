use finally::block::finally;

#[derive(Debug)]
struct Failure;

fn fails() -> Result<(), Failure> {
    Err(Failure)
}

fn main() {
    let result: Result<u8, u8> = finally! {
        try { Ok(5) }
        finally { fails() }
    };
    drop(result);
}
