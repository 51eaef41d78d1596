use finally::finally;

struct Lease<'a>(&'a str);

impl Lease<'_> {
    async fn release(self) {}

    #[finally(self.release().await)]
    async fn work(self) {
        println!("{}", self.0);
    }
}

fn main() {
    drop(Lease("x").work());
}
