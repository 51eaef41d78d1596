use std::rc::Rc;

use finally::finally;

async fn close(connection: Rc<u8>) {
    async {}.await;
    drop(connection);
}

#[finally(close(connection.clone()).await, on_cancel = (close(connection.clone())))]
async fn execute(connection: Rc<u8>) {}

fn main() {}
