use finally::block::finally;

async fn clean_later() {}

async fn work(name: String) {
    finally! {
        try {
            clean_later().await;
            drop(name);
        }
        finally { println!("{name}") }
    }
}

fn main() {
    drop(work(String::new()));
}
