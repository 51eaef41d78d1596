use finally::finally;

use std::pin::Pin;

struct Lease;

impl Lease {
    async fn release(&self) {}

    #[finally(self.release().await)]
    async fn work(self: Pin<&mut Self>) {
        self.release().await;
    }
}

fn main() {
    drop(Pin::new(&mut Lease).work());
}
