fn main() {
    finally::block::finally!::<u8> { try { 5 } finally {} };
}
