use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try {
            if true {
                continue;
            }
        }
        finally { clean() }
    }
}
