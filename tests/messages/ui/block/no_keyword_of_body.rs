use finally::block::finally;

fn clean() {}

fn main() {
    finally! { { 1 } finally { clean() } };
}
