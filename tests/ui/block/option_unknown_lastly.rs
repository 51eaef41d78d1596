use finally::block::lastly;

async fn clean_later() {}

fn main() {
    drop(lastly! { async {} lastly(on_cancl = skip) { clean_later().await; } });
}
