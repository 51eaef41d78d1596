use finally::block::finally;

fn main() {
    finally! { try <u8> { 5 } finally {} };
}
