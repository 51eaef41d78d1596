use finally::finally;

struct Conn;

impl Conn {
    #[finally(Self::close)]
    async fn work(&mut self) {}
}

fn main() {
    drop(Conn.work());
}
