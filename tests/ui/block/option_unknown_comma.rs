use finally::block::finally;

async fn clean_later() {}

fn main() {
    drop(finally!(async {}, (on_cancl = skip) { clean_later().await; }));
}
