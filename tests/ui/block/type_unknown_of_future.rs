use finally::block::finally;

fn main() {
    drop(finally! { <Missing> async { 5 } finally {} });
}
