use finally::block::finally;

fn main() {
    drop(finally! { <u8> async { "five" } finally {} });
}
