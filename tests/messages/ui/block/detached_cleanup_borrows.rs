use finally::block::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

async fn work(conn: &mut Conn) -> u8 {
    finally! {
        try { 5 }
        finally { conn.close().await }
    }
}

fn main() {
    drop(work(&mut Conn));
}
