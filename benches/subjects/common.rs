//! The parts that both programs share.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    task::Poll,
};

static CLEANED: AtomicUsize = AtomicUsize::new(0);

/// Every cleanup ends in this.
pub fn clean() {
    CLEANED.fetch_add(1, Relaxed);
}

/// How many cleanups have ended.
pub fn cleaned() -> usize {
    CLEANED.load(Relaxed)
}

/// Prints a line that the report reads.
pub fn print(name: &str, count: usize) {
    println!("{name} {count}");
}

pub fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// Polls a future once.
pub async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) {
    poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// A runtime that runs everything in this thread, so that every count is the same in every run.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}
