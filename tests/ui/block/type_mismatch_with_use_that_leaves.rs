use finally::block::finally;

fn work(five: Option<u16>) -> Option<u8> {
    let five: u8 = finally! { <u16> try { five? } finally {} };
    Some(five)
}

fn main() {
    work(None);
}
