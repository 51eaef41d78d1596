use finally::block::finally;

async fn close(_: &str) {}

async fn work(name: String) -> usize {
    finally! {
        try { println!("{name}") }
        finally { close(&name).await }
    }
    name.len()
}

fn main() {
    drop(work(String::new()));
}
