use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally on_cancel = skip { clean_later().await; } });
}
