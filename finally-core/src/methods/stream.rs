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

/// Attaches a cleanup to a stream, as [`FinallyExt`](crate::FinallyExt) does to a future.
///
/// A stream ends with its `None`, with a panic, or with its drop before that. Items pass through unchanged. An `Err` item
/// does not end the stream. The stream is dropped before the handler is called.
///
/// * **At the `None`,** the handler is called in the task that polls. A future that it returns is awaited there. Then the
///   `None` is delivered. A panic continues after the cleanup.
/// * **If the stream is dropped earlier,** the handler is called inside the drop, on the thread that drops. A future that it
///   returns is handed off, so it is `Send + 'static`, or wrapped in [`block_on_cancel`](crate::block_on_cancel) or
///   [`skip_on_cancel`](crate::skip_on_cancel).
/// * **If it is dropped while the cleanup is awaited,** the cleanup continues elsewhere, from where it stood.
/// * **If it was never polled,** nothing runs.
///
/// A stream has no result that could take an error, so the handler evaluates to `()` or to a future of `()`. A panic of the
/// handler takes the place of the `None`. After a panic of the stream, and in a drop, it goes to the failure hook.
pub trait FinallyStreamExt: Stream + Sized {
    /// Runs `handler` when the stream ends, panics or is dropped. See the [trait-level docs](Self) for details.
    ///
    /// # Examples
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
        I: FutureStrategy<(), H>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        FinallyStream { finally: Finally::new(Exhaust { stream: self, item: None }, handler) }
    }

    /// Runs `handler` with the fate of the stream: returned at its `None`, panicked, or cancelled if it was dropped earlier.
    ///
    /// # Examples
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
        I: FutureStrategy<(), WithFate<H>>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        FinallyStream { finally: Finally::new(Exhaust { stream: self, item: None }, WithFate(handler)) }
    }

    /// Alias of [`finally`](Self::finally).
    ///
    /// # Examples
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
        I: FutureStrategy<(), H>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        self.finally(handler)
    }

    /// Alias of [`finally_with`](Self::finally_with).
    ///
    /// # Examples
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
        I: FutureStrategy<(), WithFate<H>>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        self.finally_with(handler)
    }
}

impl<S: Stream> FinallyStreamExt for S {}

pin_project! {
    /// A stream with a handler, returned by [`FinallyStreamExt::finally`] and its siblings.
    ///
    /// It is `Send`, `Sync` and `Unpin` if its parts are. After its end it returns `None`, also if it ended with a panic. `M` is
    /// that of a [`Finally`].
    ///
    /// # Cancel safety
    ///
    /// See [`FinallyStreamExt`].
    ///
    /// # Examples
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
    /// A stream as the body of a finally: a future that is ready at the `None`. An item makes it pending, and is kept here
    /// for the poll of the stream.
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
