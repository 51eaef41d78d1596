use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally(on_cancel = skp) { clean_later().await; } });
}
