use finally::block::lastly;

fn clean() {}

async fn clean_later() {}

fn main() {
    lastly! {
        try { clean_later().await }
        lastly { clean() }
    }
}
