use finally::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

#[finally({ let closing = conn.close(); closing })]
async fn work(mut conn: Conn) {
    conn.close().await;
}

fn main() {
    drop(work(Conn));
}
