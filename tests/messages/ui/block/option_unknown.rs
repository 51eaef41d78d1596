use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally! { async {} finally(on_cancl = skip) { clean_later().await; } });
}
