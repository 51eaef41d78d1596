//! An `.await` that only a macro has inside, in a block with another one.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use finally::block::{finally, lastly};

macro_rules! pause {
    () => {
        std::future::ready(()).await
    };
}

async fn work() -> Option<u8> {
    let five = finally! {
        try {
            pause!();
            std::future::ready(Some(5)).await?
        }
        finally { println!("clean"); }
    };
    lastly!(try { pause!() }, { std::future::ready(()).await });
    finally! {
        async { pause!() }
        finally {}
    }
    .await;
    Some(five)
}

fn main() {
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(pin!(work()).poll(&mut context), Poll::Ready(Some(5)));
}
