use finally::finally;

struct Lease<'a>(&'a str);

impl Lease<'_> {
    async fn release(&self) {
        println!("{}", self.0);
    }
}

#[finally(lease.release().await)]
async fn work(lease: Lease<'_>) {
    lease.release().await;
}

fn main() {
    drop(work(Lease("x")));
}
