use finally::finally;

struct Lease;

impl Lease {
    async fn release(&self) {}

    #[finally(self.release().await)]
    async fn work(&self) {
        self.release().await;
    }
}

fn main() {
    drop(Lease.work());
}
