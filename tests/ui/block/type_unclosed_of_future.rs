use finally::block::finally;

fn main() {
    drop(finally! { <Vec<u8> async { vec![5] } finally {} });
}
