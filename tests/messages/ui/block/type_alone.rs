use finally::block::finally;

fn main() {
    finally! { <u8> }
}
