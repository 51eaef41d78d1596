use finally::block::lastly;

fn main() {
    lastly! {}
}
