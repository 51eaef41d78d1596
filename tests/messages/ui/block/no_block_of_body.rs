use finally::block::finally;

fn work() {}

fn clean() {}

fn main() {
    finally! { try work() finally { clean() } }
}
