use finally::block::finally;

fn clean() {}

async fn clean_later() {}

fn main() {
    finally! {
        try {
            finally! {
                try { clean_later().await }
                finally { clean() }
            }
        }
        finally { clean() }
    }
}
