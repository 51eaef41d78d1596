use finally::block::finally;

fn clean() {}

fn main() {
    finally! { try {} finally(on_cancel = skip) { clean() } }
}
