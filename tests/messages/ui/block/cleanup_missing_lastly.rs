use finally::block::lastly;

fn main() {
    let _: u8 = lastly! { try { 1 } };
}
