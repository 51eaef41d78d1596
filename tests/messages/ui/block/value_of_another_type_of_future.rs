use finally::block::finally;

fn clean() {}

fn takes(_: impl Future<Output = u8>) {}

fn main() {
    takes(finally! {
        async { "five" }
        finally { clean() }
    });
}
