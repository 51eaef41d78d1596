use finally::block::finally;

fn clean() {}

fn main() {
    finally! { loop {} finally { clean() } }
}
