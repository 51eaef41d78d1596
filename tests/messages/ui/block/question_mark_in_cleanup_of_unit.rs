use finally::block::finally;

#[derive(Debug)]
struct Failure;

fn fails() -> Result<(), Failure> {
    Err(Failure)
}

fn main() {
    finally! {
        try {}
        finally { fails()?; }
    }
}
