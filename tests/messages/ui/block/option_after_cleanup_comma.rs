use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally!(async {}, { clean_later().await; }, on_cancel = skip));
}
