use finally::block::finally;

fn clean() {}

fn main() {
    loop {
        finally! {
            try {}
            finally {
                finally! {
                    try { break }
                    finally { clean() }
                }
            }
        }
    }
}
