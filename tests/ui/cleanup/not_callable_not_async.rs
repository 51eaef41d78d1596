use finally::finally;

struct Conn;

#[finally(conn)]
fn work(conn: Conn) {}

fn main() {
    work(Conn);
}
