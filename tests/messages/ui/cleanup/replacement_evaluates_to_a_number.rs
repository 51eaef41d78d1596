use finally::finally;

async fn close(_: &u8) {}

#[finally(close(connection).await, on_cancel = (connection.count_ones()))]
async fn execute(connection: &u8) {}

fn main() {}
