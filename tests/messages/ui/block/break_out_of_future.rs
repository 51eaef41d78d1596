use finally::block::finally;

fn clean() {}

fn main() {
    loop {
        drop(finally! {
            async { break }
            finally { clean() }
        });
    }
}
