use std::rc::Rc;

use finally::finally;

#[async_trait::async_trait]
trait Work {
    async fn work(&self) -> usize;
}

#[async_trait::async_trait]
impl Work for String {
    #[finally(println!("end"))]
    async fn work(&self) -> usize {
        let rc = Rc::new(self.len());
        std::future::ready(()).await;
        *rc
    }
}

fn main() {}
