use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally(armed = call) { clean_later().await; } });
}
