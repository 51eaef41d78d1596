//! `.finally()` and its aliases, for everything that can be awaited.

use core::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    check::Admits,
    cleanup::{Cleanup, InPlace},
    combinator::Concluded,
    fate::Fate,
    guard::Guard,
    handler::{Concludes, Handling, WithFate},
    settle::Ending,
};

/// Adds cleanups to futures, as the promise method of the same name does: the handler is called whatever becomes of the
/// future, and cannot change its value.
///
/// A handler is called exactly once if the future was polled, and not at all if it never was. What it evaluates to is
/// `()`, a `Result<(), E>`, or something to await that gives one of them, as for the attribute:
///
/// * **On a value or a panic** it is awaited in the same task, and then the value is delivered, or the panic goes on.
/// * **On cancellation,** when the combined future is dropped, what needs no awaiting runs inside the drop, and what does is
///   handed off, so it has to be `Send + 'static`.
/// * **When a failure meets a failure,** the first one is the result, and the other goes to the failure hook.
///
/// `.finally(a).finally(b)` runs `a`, then `b`, on every fate.
///
/// Of the type parameters, `H` is the handler and `C` what it evaluates to. The others are inferred: they tell one kind of
/// cleanup from another.
pub trait FinallyExt: IntoFuture + Sized {
    /// Calls `handler` at the end, whatever the end is.
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
        M: Admits<C, Self::Output, K, Itself = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: Concludes<Self::Output, H>,
    {
        Finally::new(self.into_future(), handler)
    }

    /// Calls `handler` with the fate at the end, whatever the end is.
    ///
    /// The fate borrows the value, so a handler that awaits takes what it needs of it first.
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
        M: Admits<C, Self::Output, K, Itself = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: Concludes<Self::Output, WithFate<H>>,
    {
        Finally::new(self.into_future(), WithFate(handler))
    }

    /// The same as [`finally`](Self::finally).
    #[track_caller]
    fn lastly<H, C, M, K, I>(self, handler: H) -> Finally<Self::IntoFuture, H, I>
    where
        H: FnOnce() -> C,
        C: Cleanup<M>,
        M: Admits<C, Self::Output, K, Itself = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: Concludes<Self::Output, H>,
    {
        self.finally(handler)
    }

    /// The same as [`finally_with`](Self::finally_with).
    #[track_caller]
    fn lastly_with<H, C, M, K, I>(self, handler: H) -> Finally<Self::IntoFuture, WithFate<H>, I>
    where
        H: FnOnce(Fate<'_, Self::Output>) -> C,
        C: Cleanup<M>,
        M: Admits<C, Self::Output, K, Itself = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
        I: Concludes<Self::Output, WithFate<H>>,
    {
        self.finally_with(handler)
    }
}

impl<F: IntoFuture> FinallyExt for F {}

pin_project! {
    /// What [`FinallyExt::finally`] and its siblings return.
    ///
    /// `M` tells whether the cleanup is evaluated in place, which is the default, or [`Awaited`](crate::Awaited), and `E`
    /// follows from the rest. With a nameable handler the whole type can be named:
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
    pub struct Finally<F, H, M = InPlace, E = <M as Concludes<<F as Future>::Output, H>>::Ending>
    where
        F: Future,
        M: Concludes<F::Output, H, Ending = E>,
        E: Ending,
    {
        #[pin]
        guard: Guard<Concluded<F, Handling<H, M>>, E>,
    }
}

impl<F, H, M, E> Finally<F, H, M, E>
where
    F: Future,
    M: Concludes<F::Output, H, Ending = E>,
    E: Ending,
{
    #[track_caller]
    pub(crate) fn new(future: F, handler: H) -> Self {
        Self { guard: Guard::new(Concluded::new(future, Handling::new(handler))) }
    }

    /// The future, for as long as it runs.
    #[cfg(feature = "stream")]
    pub(crate) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut F>> {
        self.project().guard.coroutine().and_then(Concluded::future)
    }

    /// The future, to look at.
    #[cfg(feature = "stream")]
    pub(crate) fn future_ref(&self) -> Option<&F> {
        self.guard.coroutine_ref().and_then(Concluded::future_ref)
    }

    #[cfg(feature = "stream")]
    pub(crate) const fn is_done(&self) -> bool {
        self.guard.is_done()
    }
}

impl<F, H, M, E> Future for Finally<F, H, M, E>
where
    F: Future,
    M: Concludes<F::Output, H, Ending = E>,
    E: Ending<Output = F::Output>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().guard.poll(context)
    }
}

#[cfg(feature = "stream")]
impl<F, H, M, E> futures_core::FusedFuture for Finally<F, H, M, E>
where
    F: Future,
    M: Concludes<F::Output, H, Ending = E>,
    E: Ending<Output = F::Output>,
{
    fn is_terminated(&self) -> bool {
        self.is_done()
    }
}

/// Says how far it is, and asks nothing of its parts.
impl<F, H, M, E> fmt::Debug for Finally<F, H, M, E>
where
    F: Future,
    M: Concludes<F::Output, H, Ending = E>,
    E: Ending,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Finally").field(&self.guard.phase()).finish()
    }
}
