use finally::block::finally;

fn work(text: &str) -> Option<u8> {
    Some(finally! {
        try { text.parse().ok()? }
        finally { text.len() }
    })
}

fn main() {
    work("");
}
