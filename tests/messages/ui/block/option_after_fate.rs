use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally |_| (on_cancel = skip) { clean_later().await; } });
}
