use finally::block::finally;

fn clean() {}

fn work() -> u8 {
    finally! {
        try { 5; }
        finally { clean() }
    }
}

fn main() {
    work();
}
