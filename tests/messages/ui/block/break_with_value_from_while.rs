use finally::block::finally;

fn clean() {}

fn main() {
    while std::env::args().count() > 5 {
        finally! {
            try { break 5; }
            finally { clean() }
        }
    }
}
