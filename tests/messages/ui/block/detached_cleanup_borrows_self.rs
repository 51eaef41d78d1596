use finally::block::finally;

struct Conn;

impl Conn {
    async fn close(&self) {}

    async fn work(&self) -> u8 {
        finally! {
            try { 5 }
            finally { self.close().await }
        }
    }
}

fn main() {
    drop(Conn.work());
}
