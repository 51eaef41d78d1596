use finally::finally;

struct Lease;

impl Lease {
    async fn release(&mut self) {}

    #[finally(self.release().await)]
    async fn work(&mut self) {}
}

fn main() {
    drop(Lease.work());
}
