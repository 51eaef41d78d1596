use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally { clean_later().await; } (on_cancel = skip) });
}
