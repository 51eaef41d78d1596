use finally::finally;

struct Lease;

impl Lease {
    async fn release(&self) {}

    #[finally(self.release())]
    async fn work(&self) {}
}

fn main() {
    drop(Lease.work());
}
