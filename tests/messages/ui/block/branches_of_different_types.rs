use finally::block::finally;

fn clean() {}

fn work(short: bool) {
    let _ = finally! {
        try { if short { 5 } else { "five" } }
        finally { clean() }
    };
}

fn main() {
    work(true);
}
