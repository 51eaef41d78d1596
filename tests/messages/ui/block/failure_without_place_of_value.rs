use finally::block::finally;

#[derive(Debug)]
struct Failure;

fn fails() -> Result<(), Failure> {
    Err(Failure)
}

fn work() -> u8 {
    finally! {
        try { 5 }
        finally { fails() }
    }
}

fn main() {
    work();
}
