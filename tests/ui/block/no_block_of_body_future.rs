use finally::block::finally;

fn clean() {}

fn main() {
    async fn work() {}

    drop(finally! { work() finally { clean() } });
}
