use finally::block::finally;

fn clean() {}

fn main() {
    finally! { try {} finally clean() }
}
