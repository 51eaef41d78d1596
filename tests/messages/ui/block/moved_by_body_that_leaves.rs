use finally::block::finally;

fn work(name: String) -> Option<usize> {
    let length = finally! {
        try { Some(name)?.into_bytes().len() }
        finally { println!("{name}") }
    };
    Some(length)
}

fn main() {
    work(String::new());
}
