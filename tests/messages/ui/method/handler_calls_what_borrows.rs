use finally::FinallyExt;

struct Conn;

impl Conn {
    async fn close(&self) {}
}

async fn f(conn: Conn) {
    async {}.finally(|| conn.close()).await;
}

fn main() {
    let _ = f(Conn);
}
