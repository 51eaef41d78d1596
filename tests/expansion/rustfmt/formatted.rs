use finally::block::{finally, lastly};
use std::cell::Cell;

pub fn in_place(text: &str, open: &Cell<u32>) -> Option<u32> {
    let number: u32 = finally!(
        try {
            open.set(open.get() + 1);
            text.parse().ok()?
        },
        { open.set(open.get() - 1) }
    );
    Some(number + finally!(try { 1 }, |fate| { assert!(fate.is_returned()) }))
}

pub async fn awaited(open: &Cell<u32>) -> u32 {
    let number = finally!(
        async {
            open.set(open.get() + 1);
            std::future::ready(2).await
        },
        {
            open.set(open.get() - 1);
        }
    );
    number.await
        + lastly!(async move { 3 }, |fate| {
            assert!(fate.is_returned());
            open.set(5);
        })
        .await
}
