use finally::block::finally;

fn work(list: &[u8]) {
    for item in list {
        drop(item);
        finally! {
            try {}
            finally |fate| {
                if fate.is_panicked() {
                    return;
                }
            }
        }
    }
}

fn main() {
    work(&[]);
}
