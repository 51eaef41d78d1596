use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally(crate = ::elsewhere) { clean_later().await; } });
}
