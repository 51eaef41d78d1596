use finally::finally;

struct Conn;

impl Conn {
    async fn close(&mut self) {}
}

#[finally(conn.close())]
async fn work(conn: &mut Conn) {}

fn main() {
    drop(work(&mut Conn));
}
