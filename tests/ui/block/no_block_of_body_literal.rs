use finally::block::finally;

fn clean() {}

fn main() {
    finally! { 5 finally { clean() } };
}
