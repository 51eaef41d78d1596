use finally::block::finally;

fn main() {
    let _: u8 = finally! { <u8> try { "five" } finally {} };
}
