use finally::finally;

trait Close {
    async fn close(self);
}

#[finally(conn.close().await)]
async fn work<C: Close + Send + 'static>(conn: C) {}

struct Conn;

impl Close for Conn {
    async fn close(self) {}
}

fn main() {
    drop(work(Conn));
}
