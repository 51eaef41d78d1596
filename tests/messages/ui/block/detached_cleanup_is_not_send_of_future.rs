use std::rc::Rc;

use finally::block::finally;

async fn close(_: Rc<u8>) {}

fn main() {
    let id = Rc::new(1);
    drop(finally! {
        async {}
        finally { close(id).await }
    });
}
