//! `.finally()` and its aliases, for everything that can be awaited.

use core::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

#[cfg(feature = "std")]
use crate::methods::settled::Settled;
use crate::{
    cleanup::{Cleanup, HasEnding, InPlace},
    diagnostics::Admits,
    engine::combinator::Combinator,
    fate::Fate,
    methods::handler::{FutureStrategy, LocatedHandler, WithFate},
};

/// Attaches a cleanup to a future.
///
/// Like `Promise.prototype.finally`, the handler runs however the future ends, and cannot change its output.
///
/// The handler is called exactly once if the future was polled, and not at all if it never was. The future and all that it
/// holds are dropped before that call. The handler evaluates to `()`, to a `Result<(), E>`, or to a future of one of them:
///
/// * **On a value or a panic,** the handler is called in the poll in which the future ends, in the same task. A future that
///   it returns is awaited there. Then the value is delivered, or the panic continues with its payload.
/// * **On cancellation,** when the combined future is dropped, the handler is called inside the drop, on the thread that
///   drops. A future that it returns is not polled there. It is handed off to the executor that was set, else to the current
///   tokio runtime, else to a background thread. The drop does not wait for it, but the cleanup of an enclosing finally does.
/// * **If the cleanup is cancelled while it is awaited,** it continues from where it stood, on the executor just described.
///
/// # Failures
///
/// A handler fails with an `Err` or with a panic. The first failure is the result: the future's own, or the handler's if the
/// future succeeded. Any other failure goes to the failure hook, and so does every failure after the caller has left. A drop
/// never panics because a handler does.
///
/// # Bounds
///
/// * A future that a handler returns is `Send + 'static`, because it may be handed off. Wrap one that borrows in
///   [`block_on_cancel`](crate::block_on_cancel), [`skip_on_cancel`](crate::skip_on_cancel) or
///   [`replace_on_cancel`](crate::replace_on_cancel).
/// * If a handler may fail, the output is a `Result` whose error implements `From` for the handler's error.
/// * That error is `Debug` and `'static`, because the failure hook shows it. [`Failure`](crate::Failure) says how. Nothing is
///   asked of the output itself.
///
/// The type parameter `H` is the handler, and `C` is its cleanup. All other type parameters are inferred; you never write them.
/// A function of your own that takes any such handler bounds its cleanup by [`AnyCleanup`](crate::types::AnyCleanup).
///
/// # Examples
///
/// ```
/// use finally::FinallyExt;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// // Handlers run left to right.
/// async { println!("body") }.finally(|| println!("one")).finally(async || println!("two")).await;
/// # });
/// ```
pub trait FinallyExt: IntoFuture + Sized {
    /// Runs `handler` when the future completes, panics or is dropped. See the [trait-level docs](Self) for details.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future drops the inner one, and then calls the handler inside the drop. A cleanup that is
    /// awaited continues elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::FinallyExt;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let page = async { "page" }.finally(|| println!("the spinner stops")).await;
    /// assert_eq!(page, "page");
    ///
    /// let length = async { Ok::<_, std::io::Error>(4) }
    ///     .finally(async || std::fs::metadata("no such file").map(drop))
    ///     .await;
    /// assert!(length.is_err(), "the body succeeded and the cleanup failed");
    /// # });
    /// ```
    #[track_caller]
    fn finally<H, C, M, K, I>(self, handler: H) -> Finally<Self::IntoFuture, H, I>
    where
        H: FnOnce() -> C,
        C: Cleanup<M>,
        M: Admits<C, Self::Output, K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<Self::Output, H>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        Finally::new(self.into_future(), handler)
    }

    /// Runs `handler` with the fate: the value, the payload of the panic, or `Cancelled` if the future was dropped early.
    ///
    /// The fate borrows the value, so a handler that awaits reads it first: `|fate| { let failed =
    /// fate.error().is_some(); async move { .. } }`. An `async |fate|` closure would hold the borrow
    /// across the await, and does not compile.
    ///
    /// # Cancel safety
    ///
    /// As for [`finally`](Self::finally).
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::FinallyExt;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let length = async { Err::<usize, _>("unreachable host") }
    ///     .finally_with(|fate| println!("{:?}", fate.error()))
    ///     .await;
    /// assert_eq!(length, Err("unreachable host"));
    /// # });
    /// ```
    #[track_caller]
    fn finally_with<H, C, M, K, I>(self, handler: H) -> Finally<Self::IntoFuture, WithFate<H>, I>
    where
        H: FnOnce(Fate<'_, Self::Output>) -> C,
        C: Cleanup<M>,
        M: Admits<C, Self::Output, K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<Self::Output, WithFate<H>>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        Finally::new(self.into_future(), WithFate(handler))
    }

    /// Alias of [`finally`](Self::finally).
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::FinallyExt;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// assert_eq!(async { 1 }.lastly(|| println!("done")).await, 1);
    /// # });
    /// ```
    #[track_caller]
    fn lastly<H, C, M, K, I>(self, handler: H) -> Finally<Self::IntoFuture, H, I>
    where
        H: FnOnce() -> C,
        C: Cleanup<M>,
        M: Admits<C, Self::Output, K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<Self::Output, H>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        self.finally(handler)
    }

    /// Alias of [`finally_with`](Self::finally_with).
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::FinallyExt;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// assert_eq!(async { 1 }.lastly_with(|fate| assert!(fate.is_returned())).await, 1);
    /// # });
    /// ```
    #[track_caller]
    fn lastly_with<H, C, M, K, I>(self, handler: H) -> Finally<Self::IntoFuture, WithFate<H>, I>
    where
        H: FnOnce(Fate<'_, Self::Output>) -> C,
        C: Cleanup<M>,
        M: Admits<C, Self::Output, K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: FutureStrategy<Self::Output, WithFate<H>>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
    {
        self.finally_with(handler)
    }

    /// Completes when the future has completed and every cleanup handed off inside it has ended.
    ///
    /// Use it to cancel a future and wait for its cleanup. A timeout, a `select!` and a cancellation token drop the future
    /// that they cancel, and do not wait. The value is delivered unchanged, and a panic goes on with its payload, after the
    /// cleanups have ended. With nothing handed off it completes in the same poll, and allocates nothing.
    ///
    /// A cleanup that is handed off runs on an executor, and not in this future. It reports its own failure.
    ///
    /// A task that the future has spawned is not inside it. Neither is a cleanup of such a task.
    ///
    /// # Cancel safety
    ///
    /// Dropped while the future runs, this drops the future and does not wait. Dropped while it waits, it gives the wait up.
    /// In both cases the cleanups go on, and the next finally further out waits for them. A value that nobody receives is
    /// dropped, and an error is reported to the failure hook.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use finally::{FinallyExt, finally};
    /// use tokio::time::timeout;
    ///
    /// async fn unlock() {
    ///     tokio::task::yield_now().await;
    ///     println!("unlocked");
    /// }
    ///
    /// #[finally(unlock())]
    /// async fn work() {
    ///     std::future::pending().await
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
    /// let ended = timeout(Duration::from_secs(1), work()).settled().await;
    /// assert!(ended.is_err());
    /// // By now it is unlocked.
    /// assert_eq!(finally::detached(), 0);
    /// # });
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    fn settled(self) -> Settled<Self::IntoFuture> {
        Settled::new(self.into_future())
    }
}

impl<F: IntoFuture> FinallyExt for F {}

pin_project! {
    /// A future with a handler, returned by [`FinallyExt::finally`] and its siblings.
    ///
    /// It is `Send`, `Sync` and `Unpin` if its parts are. With a handler that is not awaited, it adds at most 24 bytes to the
    /// two and allocates nothing. A future that the handler returns is boxed.
    ///
    /// `M` is the kind of the cleanup: [`InPlace`](crate::types::InPlace), which is the default, or
    /// [`Awaited`](crate::types::Awaited), for example. `D` follows from the other parameters.
    ///
    /// # Panics
    ///
    /// Panics if it is polled again after its end.
    ///
    /// # Cancel safety
    ///
    /// See [`FinallyExt`].
    ///
    /// # Examples
    ///
    /// The type can be named if the handler's type can:
    ///
    /// ```
    /// use std::future::Ready;
    /// use finally::{Finally, FinallyExt};
    ///
    /// struct Connection {
    ///     closing: Finally<Ready<u8>, fn()>,
    /// }
    ///
    /// let connection = Connection { closing: std::future::ready(1).finally((|| println!("closed")) as fn()) };
    /// # drop(connection);
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Finally<F, H, M = InPlace, D = <M as FutureStrategy<<F as Future>::Output, H>>::Detached>
    where
        F: Future,
        M: FutureStrategy<F::Output, H, Detached = D>,
        D: HasEnding<M>,
    {
        #[pin]
        combinator: Combinator<F, LocatedHandler<H, M>, D::Ending<F::Output>>,
    }
}

impl<F, H, M, D> Finally<F, H, M, D>
where
    F: Future,
    M: FutureStrategy<F::Output, H, Detached = D>,
    D: HasEnding<M>,
{
    #[track_caller]
    pub(crate) fn new(future: F, handler: H) -> Self {
        Self { combinator: Combinator::new(future, LocatedHandler::new(handler)) }
    }

    /// Returns the future, unless it has ended.
    #[cfg(feature = "stream")]
    pub(crate) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut F>> {
        self.project().combinator.future()
    }

    /// Returns a shared reference to the future, unless it has ended.
    #[cfg(feature = "stream")]
    pub(crate) fn future_ref(&self) -> Option<&F> {
        self.combinator.future_ref()
    }

    #[cfg(feature = "stream")]
    pub(crate) const fn is_done(&self) -> bool {
        self.combinator.is_done()
    }
}

impl<F, H, M, D> Future for Finally<F, H, M, D>
where
    F: Future,
    M: FutureStrategy<F::Output, H, Detached = D>,
    D: HasEnding<M>,
{
    type Output = F::Output;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().combinator.poll(context)
    }
}

#[cfg(feature = "stream")]
impl<F, H, M, D> futures_core::FusedFuture for Finally<F, H, M, D>
where
    F: Future,
    M: FutureStrategy<F::Output, H, Detached = D>,
    D: HasEnding<M>,
{
    fn is_terminated(&self) -> bool {
        self.is_done()
    }
}

/// Says how far it is, and asks nothing of its parts.
impl<F, H, M, D> fmt::Debug for Finally<F, H, M, D>
where
    F: Future,
    M: FutureStrategy<F::Output, H, Detached = D>,
    D: HasEnding<M>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Finally").field(&self.combinator.phase()).finish()
    }
}
