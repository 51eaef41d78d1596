use finally::finally;

struct Conn;

#[finally(conn)]
async fn work(conn: Conn) {}

fn main() {
    drop(work(Conn));
}
