use finally::block::finally;

fn clean() {}

fn work(five: Option<u8>) -> Option<&'static str> {
    let text: &str = finally! {
        try { five? }
        finally { clean() }
    };
    Some(text)
}

fn main() {
    work(None);
}
