use finally::finally;

async fn close(_: String) {}

#[finally(close(connection).await, on_cancel = (println!("{connection}")))]
async fn execute(connection: String) {}

fn main() {}
