use finally::block::finally;

fn clean() {}

fn main() {
    let text: &str = finally! {
        try { 5 }
        finally { clean() }
    };
    drop(text);
}
