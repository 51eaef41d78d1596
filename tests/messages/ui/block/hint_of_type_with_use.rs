use finally::block::finally;

fn main() {
    let _: Vec<u8> = finally! { <Option<_>> try { None } finally {} };
}
