use finally::finally;

struct Conn;

impl Conn {
    fn close(&mut self) {}

    #[finally(Self::close)]
    async fn work(&mut self) {}
}

fn main() {
    drop(Conn.work());
}
