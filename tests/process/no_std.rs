//! The library without `std`. Run with `--no-default-features --features macros`.

#![cfg(not(feature = "std"))]

use std::{
    cell::RefCell,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use finally::{Fate, block, finally};

type Log = RefCell<Vec<&'static str>>;

fn suspend() -> impl Future<Output = ()> {
    let mut suspended = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut suspended, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[finally(|fate| log.borrow_mut().push(match fate {
    Fate::Returned(_) => "returned",
    Fate::Panicked(_) => "panicked",
    Fate::Cancelled => "cancelled",
}))]
async fn in_place(log: &Log) -> u8 {
    suspend().await;
    1
}

#[finally({ suspend().await; log.borrow_mut().push("clean") }, on_cancel = skip)]
async fn skipped(log: &Log) -> u8 {
    suspend().await;
    1
}

#[finally({ suspend().await; log.borrow_mut().push("clean") }, on_cancel = (log.borrow_mut().push("instead")))]
async fn replaced(log: &Log) {
    suspend().await;
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_cleanup_in_place_runs_on_a_value_and_on_cancellation() {
    let log = Log::default();
    {
        let mut returns = pin!(in_place(&log));
        assert!(poll(returns.as_mut()).is_pending());
        assert_eq!(poll(returns), Poll::Ready(1));
        let mut cancelled = pin!(in_place(&log));
        assert!(poll(cancelled.as_mut()).is_pending());
    }
    assert_eq!(log.into_inner(), ["returned", "cancelled"]);
}

#[test]
fn a_cleanup_that_awaits_is_replaced_on_cancellation_by_one_that_does_not() {
    let log = Log::default();
    for pendings in 1..=3 {
        let mut future = pin!(replaced(&log));
        let ended = (0..pendings).find_map(|_| match poll(future.as_mut()) {
            Poll::Ready(()) => Some(()),
            Poll::Pending => None,
        });
        assert_eq!(ended.is_some(), pendings == 3);
    }
    assert_eq!(log.into_inner(), ["instead", "instead", "clean"]);
}

#[test]
fn a_future_that_is_armed_by_the_call_is_cleaned_up_after_without_a_poll() {
    #[finally(log.borrow_mut().push("clean"), armed = call)]
    async fn in_place(log: &Log) {
        suspend().await;
    }
    #[finally({ suspend().await; log.borrow_mut().push("clean") }, on_cancel = skip, armed = call)]
    async fn skipped(log: &Log) {
        suspend().await;
    }
    let log = Log::default();
    drop((in_place(&log), skipped(&log)));
    assert_eq!(log.into_inner(), ["clean"]);
}

#[test]
fn a_panic_cannot_be_caught_and_goes_on() {
    #[finally(log.borrow_mut().push("clean"))]
    async fn panics(log: &Log) {
        suspend().await;
        panic!("out");
    }
    let log = Log::default();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut panics = pin!(panics(&log));
        assert!(poll(panics.as_mut()).is_pending());
        let _ = poll(panics);
    }));
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "out");
    assert!(log.into_inner().is_empty());
}

#[test]
fn a_cleanup_that_awaits_is_awaited_in_place() {
    let log = Log::default();
    {
        let mut returns = pin!(skipped(&log));
        assert!(poll(returns.as_mut()).is_pending());
        assert!(poll(returns.as_mut()).is_pending());
        assert!(log.borrow().is_empty());
        assert_eq!(poll(returns), Poll::Ready(1));
        let mut cancelled = pin!(skipped(&log));
        assert!(poll(cancelled.as_mut()).is_pending());
    }
    assert_eq!(log.into_inner(), ["clean"]);
}

#[test]
fn a_block_runs_its_cleanup_on_a_value_on_a_return_and_on_cancellation() {
    fn at_once(log: &Log, number: Option<u8>) -> Option<u8> {
        let number = block::finally! { try { number? } finally { log.borrow_mut().push("at once"); } };
        Some(number + 1)
    }
    async fn awaited(log: &Log, number: Option<u8>) -> Option<u8> {
        let number = block::finally! {
            try { suspend().await; number? }
            finally(on_cancel = skip) { suspend().await; log.borrow_mut().push("awaited"); }
        };
        Some(number + 1)
    }
    async fn in_place(log: &Log) {
        block::finally! { try { suspend().await; } finally { log.borrow_mut().push("in place"); } }
    }
    let log = Log::default();
    assert_eq!((at_once(&log, Some(1)), at_once(&log, None)), (Some(2), None));
    for number in [Some(1), None] {
        let mut future = pin!(awaited(&log, number));
        assert!(poll(future.as_mut()).is_pending());
        assert!(poll(future.as_mut()).is_pending());
        assert_eq!(poll(future), Poll::Ready(number.map(|number| number + 1)));
    }
    {
        let mut cancelled = pin!(in_place(&log));
        assert!(poll(cancelled.as_mut()).is_pending());
    }
    assert_eq!(log.into_inner(), ["at once", "at once", "awaited", "awaited", "in place"]);
}

#[test]
fn a_block_that_shares_no_variable_with_its_cleanup_leaves_the_future_send() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    async fn awaited(number: Option<u8>, cleaned: &mut Vec<u8>) -> Option<u8> {
        block::finally! { try { suspend().await; } finally { cleaned.push(1); } }
        Some(block::finally! { try { suspend().await; number? } finally { cleaned.push(2); } })
    }
    for number in [Some(1), None] {
        let mut cleaned = vec![];
        {
            let mut future = pin!(send(awaited(number, &mut cleaned)));
            assert!(poll(future.as_mut()).is_pending());
            assert!(poll(future.as_mut()).is_pending());
            assert_eq!(poll(future), Poll::Ready(number));
        }
        assert_eq!(cleaned, [1, 2]);
    }
}

#[test]
fn what_needs_the_standard_library_is_told_once() {
    trybuild::TestCases::new().compile_fail("tests/messages/ui/no_std/*.rs");
}
