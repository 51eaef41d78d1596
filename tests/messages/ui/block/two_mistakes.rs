use finally::block::finally;

fn work(list: &[u8]) {
    for item in list {
        drop(item);
        finally! {
            try {}
            finally {
                if list.is_empty() {
                    break;
                }
                return;
            }
        }
    }
}

fn main() {
    work(&[]);
}
