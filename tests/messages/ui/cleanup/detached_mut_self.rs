use finally::finally;

struct Lease;

impl Lease {
    async fn release(&mut self) {}

    #[finally(self.release().await)]
    async fn work(&mut self) {
        self.release().await;
    }
}

fn main() {
    drop(Lease.work());
}
