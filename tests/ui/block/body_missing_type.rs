use finally::block::finally;

fn clean() {}

fn main() {
    finally! { <u8> finally { clean() } }
}
