use finally::block::finally;

async fn clean_later() {}

async fn work(early: bool) -> u8 {
    finally! {
        try {
            clean_later().await;
            if early {
                return "five";
            }
            5
        }
        finally {}
    }
}

fn main() {
    drop(work(true));
}
