use finally::block::finally;

fn main() {
    let _: u8 = finally! { <u16> try { 5 } finally {} };
}
