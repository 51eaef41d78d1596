use finally::block::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

fn work(conn: &mut Conn) -> impl Future<Output = u8> {
    finally! {
        async { 5 }
        finally { conn.close().await }
    }
}

fn main() {
    drop(work(&mut Conn));
}
