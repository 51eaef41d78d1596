use finally::block::finally;

#[derive(Debug)]
struct Failure;

fn fails() -> Result<(), Failure> {
    Err(Failure)
}

fn main() {
    drop(finally! {
        async { Ok::<u8, u8>(5) }
        finally { fails() }
    });
}
