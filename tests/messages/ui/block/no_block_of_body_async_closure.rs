use finally::block::finally;

fn clean() {}

fn main() {
    drop(finally! { async || {} finally { clean() } });
}
