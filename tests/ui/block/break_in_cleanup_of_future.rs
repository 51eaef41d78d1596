use finally::block::finally;

fn work(list: &[u8]) {
    for item in list {
        drop(item);
        drop(finally! { async {} finally { break } });
    }
}

fn main() {
    work(&[]);
}
