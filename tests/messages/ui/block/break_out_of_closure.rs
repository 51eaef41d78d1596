use finally::block::finally;

fn clean() {}

fn main() {
    loop {
        let leave = || {
            finally! {
                try { break }
                finally { clean() }
            }
        };
        leave();
    }
}
