use finally::finally;

struct Conn;

#[finally(drop(conn))]
async fn work() {
    let conn = Conn;
    let _ = conn;
}

fn main() {
    drop(work());
}
