use finally::block::finally;

macro_rules! leave {
    () => {
        return 5
    };
}

fn work() -> u8 {
    finally! { try { 1 } finally { leave!() } }
}

fn main() {
    work();
}
