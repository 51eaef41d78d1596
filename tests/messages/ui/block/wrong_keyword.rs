use finally::block::finally;

fn clean() {}

fn main() {
    finally! { try {} finaly { clean() } }
}
