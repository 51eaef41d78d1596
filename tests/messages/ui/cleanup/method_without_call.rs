use finally::finally;

struct Conn;

impl Conn {
    fn close(&mut self) {}

    #[finally(self.close)]
    async fn work(&mut self) {}
}

fn main() {
    drop(Conn.work());
}
