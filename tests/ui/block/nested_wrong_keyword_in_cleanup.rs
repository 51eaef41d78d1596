use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try {}
        finally {
            finally! {
                try {}
                finaly { clean() }
            }
        }
    }
}
