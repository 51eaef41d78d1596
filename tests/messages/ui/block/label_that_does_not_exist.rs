use finally::block::finally;

fn clean() {}

fn main() {
    'outer: loop {
        finally! {
            try {
                if true {
                    break 'outer;
                }
                break 'other;
            }
            finally { clean() }
        }
    }
}
