use finally::block::finally;

fn clean() {}

fn main() {
    finally! { unsafe {} finally { clean() } }
}
