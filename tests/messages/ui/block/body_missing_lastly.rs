use finally::block::lastly;

fn clean() {}

fn main() {
    lastly! { lastly { clean() } }
}
