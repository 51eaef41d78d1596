use finally::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

type Borrowed<'a> = &'a mut Conn;

#[finally(conn.close().await)]
async fn work(conn: Borrowed<'_>) {}

fn main() {
    drop(work(&mut Conn));
}
