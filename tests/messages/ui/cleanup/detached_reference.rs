use finally::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

#[finally(conn.close().await)]
async fn work(conn: &mut Conn) {
    conn.close().await;
}

fn main() {
    drop(work(&mut Conn));
}
