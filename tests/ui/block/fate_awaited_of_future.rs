use finally::block::finally;

async fn close(_: bool) {}

fn main() {
    drop(finally! {
        async {}
        finally |fate| { close(fate.is_cancelled()).await }
    });
}
