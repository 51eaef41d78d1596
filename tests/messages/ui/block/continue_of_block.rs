use finally::block::finally;

fn clean() {}

fn main() {
    'block: {
        finally! {
            try { continue 'block }
            finally { clean() }
        }
    }
}
