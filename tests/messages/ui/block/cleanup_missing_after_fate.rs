use finally::block::finally;

fn main() {
    let _: u8 = finally! { try { 1 } finally |fate| };
}
