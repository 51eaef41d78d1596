use finally::block::finally;

async fn close(_: bool) {}

async fn work() {
    finally! {
        try {}
        finally |fate| { close(fate.is_cancelled()).await }
    }
}

fn main() {
    drop(work());
}
