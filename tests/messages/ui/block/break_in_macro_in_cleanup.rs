use finally::block::finally;

macro_rules! leave {
    () => {
        break
    };
}

fn main() {
    loop {
        finally! { try {} finally { leave!() } }
    }
}
