use finally::block::finally;

fn clean() {}

fn main() {
    loop {
        finally! {
            try { continue 'other }
            finally { clean() }
        }
    }
}
