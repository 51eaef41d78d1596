use finally::block::finally;

async fn clean(_: &str) {}

async fn f() {
    let name = String::new();
    finally! {
        try { clean(&name).await }
        finally(on_cancel = (clean(&name))) { clean(&name).await }
    }
}

fn main() {}
