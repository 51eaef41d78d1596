use finally::block::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

async fn work() -> u8 {
    let mut conn = Conn;
    let borrowed = &mut conn;
    finally! {
        try { 5 }
        finally { borrowed.close().await }
    }
}

fn main() {
    drop(work());
}
