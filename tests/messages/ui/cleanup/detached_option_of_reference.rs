use finally::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

#[finally(close(conn).await)]
async fn work(conn: Option<&mut Conn>) {
    close(conn).await;
}

async fn close(conn: Option<&mut Conn>) {
    if let Some(conn) = conn {
        conn.close().await;
    }
}

fn main() {
    drop(work(Some(&mut Conn)));
}
