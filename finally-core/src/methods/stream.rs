//! `.finally()` for streams.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use crate::{
    cleanup::{Cleanup, InPlace},
    diagnostics::Admits,
    fate::Fate,
    methods::{
        future::Finally,
        handler::{FutureStrategy, WithFate},
    },
};

/// Adds cleanups to streams, as [`FinallyExt`](crate::FinallyExt) does to futures.
///
/// The end of a stream is its `None`, its panic, or its drop before that. Its items pass through, errors among them: they are
/// items too, and the stream may go on behind them. When the handler is called, the stream is gone already.
///
/// * **At the `None`** the handler is called, and what it gives is awaited, in the task that polls, and then the `None` is
///   delivered. A panic goes on after it.
/// * **Dropped earlier,** by an owner that fails or is cancelled, the handler is called inside the drop, on the thread that
///   drops, and what it gives to be awaited is handed off, as that of a future is. So it has to be `Send + 'static`, or go
///   into [`block_on_cancel`](crate::block_on_cancel) or [`skip_on_cancel`](crate::skip_on_cancel).
/// * **Dropped while the cleanup is awaited,** that goes on from where it stood.
/// * **Never polled,** nothing runs.
///
/// The end of a stream has no result that an error could become, so the handler evaluates to `()`, or to something to await
/// that gives `()`. Its panic comes in place of the `None`; behind a panic of the stream, and in a drop, it goes to the
/// failure hook.
pub trait FinallyStreamExt: Stream + Sized {
    /// Calls `handler` at the end of the stream, whatever the end is. The trait tells when, where, and with what bounds.
    ///
    /// ```
    /// use std::pin::pin;
    /// use finally::FinallyStreamExt;
    /// use futures::stream::{self, StreamExt};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut rows = pin!(stream::iter([1, 2, 3]).finally(|| println!("the cursor is closed")));
    /// while let Some(row) = rows.next().await {
    ///     println!("{row}");
    /// }
    /// # });
    /// ```
    #[track_caller]
    fn finally<H, C, M, K, I>(self, handler: H) -> FinallyStream<Self, H, I>
    where
        H: FnOnce() -> C,
        C: Cleanup<M>,
        M: Admits<C, (), K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<(), H>,
    {
        FinallyStream { finally: Finally::new(Exhaust { stream: self, item: None }, handler) }
    }

    /// Calls `handler` with the fate at the end of the stream: returned at its `None`, panicked, or cancelled where it was
    /// dropped earlier.
    ///
    /// ```
    /// use finally::FinallyStreamExt;
    /// use futures::stream::{self, StreamExt};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let rows = stream::iter([1, 2, 3]).finally_with(|fate| assert!(fate.is_cancelled()));
    /// assert_eq!(rows.take(2).count().await, 2);
    /// # });
    /// ```
    #[track_caller]
    fn finally_with<H, C, M, K, I>(self, handler: H) -> FinallyStream<Self, WithFate<H>, I>
    where
        H: FnOnce(Fate<'_, ()>) -> C,
        C: Cleanup<M>,
        M: Admits<C, (), K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<(), WithFate<H>>,
    {
        FinallyStream { finally: Finally::new(Exhaust { stream: self, item: None }, WithFate(handler)) }
    }

    /// The same as [`finally`](Self::finally).
    ///
    /// ```
    /// use finally::FinallyStreamExt;
    /// use futures::stream::{self, StreamExt};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// assert_eq!(stream::iter([1, 2]).lastly(|| println!("done")).count().await, 2);
    /// # });
    /// ```
    #[track_caller]
    fn lastly<H, C, M, K, I>(self, handler: H) -> FinallyStream<Self, H, I>
    where
        H: FnOnce() -> C,
        C: Cleanup<M>,
        M: Admits<C, (), K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<(), H>,
    {
        self.finally(handler)
    }

    /// The same as [`finally_with`](Self::finally_with).
    ///
    /// ```
    /// use finally::FinallyStreamExt;
    /// use futures::stream::{self, StreamExt};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// assert_eq!(stream::iter([1]).lastly_with(|fate| assert!(fate.is_returned())).count().await, 1);
    /// # });
    /// ```
    #[track_caller]
    fn lastly_with<H, C, M, K, I>(self, handler: H) -> FinallyStream<Self, WithFate<H>, I>
    where
        H: FnOnce(Fate<'_, ()>) -> C,
        C: Cleanup<M>,
        M: Admits<C, (), K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<(), WithFate<H>>,
    {
        self.finally_with(handler)
    }
}

impl<S: Stream> FinallyStreamExt for S {}

pin_project! {
    /// What [`FinallyStreamExt::finally`] and its siblings return: the stream, and what happens when it ends or is dropped.
    ///
    /// It is `Send`, `Sync` and `Unpin` where its parts are, and stays ended once it has ended, be it by a panic. `M` is
    /// that of a [`Finally`].
    ///
    /// ```
    /// use finally::{FinallyStream, FinallyStreamExt};
    /// use futures::stream::{Empty, empty};
    ///
    /// let rows: FinallyStream<Empty<u8>, fn()> = empty().finally(|| println!("the cursor is closed"));
    /// # drop(rows);
    /// ```
    #[must_use = "streams do nothing unless they are polled"]
    pub struct FinallyStream<S, H, M = InPlace>
    where
        S: Stream,
        M: FutureStrategy<(), H>,
    {
        #[pin]
        finally: Finally<Exhaust<S>, H, M>,
    }
}

pin_project! {
    /// A stream as the body of a finally: a future that is ready at the `None`. An item makes it pending, and lies here for
    /// whoever polls.
    pub struct Exhaust<S>
    where
        S: Stream,
    {
        #[pin]
        stream: S,
        item: Option<S::Item>,
    }
}

impl<S: Stream> Future for Exhaust<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        match this.stream.poll_next(context) {
            Poll::Ready(None) => Poll::Ready(()),
            Poll::Ready(item) => {
                *this.item = item;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S, H, M> Stream for FinallyStream<S, H, M>
where
    S: Stream,
    M: FutureStrategy<(), H>,
{
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if self.finally.is_done() {
            return Poll::Ready(None);
        }
        if self.as_mut().project().finally.poll(context).is_ready() {
            return Poll::Ready(None);
        }
        let exhaust = self.project().finally.future();
        match exhaust.and_then(|exhaust| exhaust.project().item.take()) {
            None => Poll::Pending,
            item => Poll::Ready(item),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.finally.future_ref().map_or((0, Some(0)), |exhaust| exhaust.stream.size_hint())
    }
}

/// A stream that has ended stays ended.
impl<S, H, M> FusedStream for FinallyStream<S, H, M>
where
    S: Stream,
    M: FutureStrategy<(), H>,
{
    fn is_terminated(&self) -> bool {
        self.finally.is_done()
    }
}

impl<S, H, M> fmt::Debug for FinallyStream<S, H, M>
where
    S: Stream,
    M: FutureStrategy<(), H>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("FinallyStream").field(&self.finally).finish()
    }
}
