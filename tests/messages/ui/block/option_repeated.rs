use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally(on_cancel = skip, on_cancel = block) { clean_later().await; } });
}
