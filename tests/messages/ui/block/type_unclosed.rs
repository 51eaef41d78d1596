use finally::block::finally;

fn main() {
    finally! { <u8 try { 5 } finally {} };
}
