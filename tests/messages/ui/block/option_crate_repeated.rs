use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally(crate = ::finally, crate = ::finally) { clean_later().await; } });
}
