use finally::finally;

struct Conn;

impl Conn {
    fn close(&mut self) {}

    #[finally(self.clos())]
    async fn work(&mut self) {
        self.close();
    }
}

fn main() {
    drop(Conn.work());
}
