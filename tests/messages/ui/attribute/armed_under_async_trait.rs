use finally::lastly;

#[async_trait::async_trait]
trait Work {
    async fn work(&self) -> usize;
}

#[async_trait::async_trait]
impl Work for String {
    #[lastly(println!("{self}"), armed = call)]
    async fn work(&self) -> usize {
        self.len()
    }
}

fn main() {}
