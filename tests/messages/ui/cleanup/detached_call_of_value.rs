use finally::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

#[finally(conn.close())]
async fn work(mut conn: Conn) {
    conn.close().await;
}

fn main() {
    drop(work(Conn));
}
