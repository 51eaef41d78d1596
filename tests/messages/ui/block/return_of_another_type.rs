use finally::block::finally;

fn clean() {}

fn work(early: bool) -> u8 {
    finally! {
        try {
            if early {
                return "five";
            }
            5
        }
        finally { clean() }
    }
}

fn main() {
    work(true);
}
