use finally::block::finally;

fn main() {
    drop(finally! { async { 1 } });
}
