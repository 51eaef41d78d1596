use finally::block::lastly;

fn work(list: &[u8]) {
    for item in list {
        drop(item);
        lastly! { try {} lastly { return; } }
    }
}

fn main() {
    work(&[]);
}
