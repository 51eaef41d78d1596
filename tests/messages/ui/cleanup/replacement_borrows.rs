use finally::finally;

struct Connection;

impl Connection {
    async fn close(&mut self) {}

    #[finally(self.close().await, on_cancel = (self.close()))]
    async fn execute(&mut self) {}
}

fn main() {}
