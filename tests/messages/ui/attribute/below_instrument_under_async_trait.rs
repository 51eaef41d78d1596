use finally::lastly;

#[async_trait::async_trait]
trait Work {
    async fn work(&self) -> usize;
}

#[async_trait::async_trait]
impl Work for String {
    #[tracing::instrument]
    #[lastly(println!("{self}"))]
    async fn work(&self) -> usize {
        self.len()
    }
}

fn main() {}
