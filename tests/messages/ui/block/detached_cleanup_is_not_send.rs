use std::rc::Rc;

use finally::block::finally;

async fn close(_: Rc<u8>) {}

async fn work(id: Rc<u8>) -> u8 {
    finally! {
        try { 5 }
        finally { close(id).await }
    }
}

fn main() {
    drop(work(Rc::new(1)));
}
