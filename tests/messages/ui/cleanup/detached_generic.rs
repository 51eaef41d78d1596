use finally::finally;

trait Close {
    fn close(self) -> impl Future<Output = ()> + Send;
}

#[finally(conn.close().await)]
async fn work<C: Close>(conn: C) {}

struct Conn;

impl Close for Conn {
    async fn close(self) {}
}

fn main() {
    drop(work(Conn));
}
