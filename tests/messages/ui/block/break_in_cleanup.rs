use finally::block::finally;

fn work(list: &[u8]) {
    for item in list {
        drop(item);
        finally! { try {} finally { break; } }
    }
}

fn main() {
    work(&[]);
}
