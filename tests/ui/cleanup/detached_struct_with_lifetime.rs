use finally::finally;

struct Lease<'a>(&'a str);

impl Lease<'_> {
    async fn release(self) {}
}

#[finally(lease.release().await)]
async fn work(lease: Lease<'_>) {
    println!("{}", lease.0);
}

fn main() {
    drop(work(Lease("x")));
}
