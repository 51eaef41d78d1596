use finally::block::lastly;

fn clean() {}

fn main() {
    lastly! { try {} last { clean() } }
}
