use finally::finally;

struct Pool;

impl Pool {
    async fn release(&self, _: u32) {}
}

struct Lease {
    pool: Pool,
    id: u32,
}

impl Lease {
    #[finally(self.pool.release(self.id))]
    async fn work(&self) {}
}

fn main() {
    drop(Lease { pool: Pool, id: 1 }.work());
}
