use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally(timeout = 5) { clean_later().await; } });
}
