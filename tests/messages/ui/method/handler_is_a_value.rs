use finally::FinallyExt;

struct Conn;

async fn f(conn: Conn) -> u8 {
    async { 1 }.finally(conn).await
}

fn main() {
    let _ = f;
}
