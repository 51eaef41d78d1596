use finally::block::finally;

fn clean() {}

fn main() {
    loop {
        finally! {
            try {
                clean() clean();
                break;
            }
            finally { clean() }
        }
    }
}
