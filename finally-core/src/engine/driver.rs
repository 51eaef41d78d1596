//! The driver: cancellation resumes the function once more, in its finally section.

mod holding;

pub(crate) use holding::HoldingDriver;

use core::{
    future::{Future, IntoFuture},
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::engine::{
    armed::Arm,
    ending::{Deliver, Ending},
    erased::erased,
    signal::{self, without_signal},
    unwind::catch,
    verdict::raise,
};

/// A coroutine that ends in one of the `settle` functions, to be awaited. An expansion names it if the cleanup uses arguments.
///
/// The ending of the coroutine becomes a type of its own here. Inside another future, the compiler forgets which lifetimes
/// are the same, and can no longer look up the output of a closure in the coroutine
/// (<https://github.com/rust-lang/rust/issues/110338>).
#[must_use = "a driver runs when it is awaited"]
pub struct WithArguments<C>(pub C);

impl<C, E> IntoFuture for WithArguments<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    type Output = E::Output;
    type IntoFuture = E::Driver<C>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_future(self) -> E::Driver<C> {
        E::driver(self.0)
    }
}

pin_project! {
    /// Drives a coroutine that runs a body, evaluates its cleanup and settles the two, and awaits nothing after it.
    ///
    /// The coroutine suspends in a [`Body`](crate::engine::body::Body) or in an awaited cleanup, and in nothing else. Both are
    /// ours, so they see the signal before any code of the user is polled, and neither stays suspended after it. A coroutine
    /// that has ended holds nothing, so nothing has to drop it.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Driver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        #[pin]
        coroutine: C,
        progress: Progress,
    }

    impl<C> PinnedDrop for Driver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            leave(erased!(this.coroutine => Pin<&mut dyn Future<Output = C::Output>>), this.progress);
        }
    }
}

impl<C> Driver<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    pub(crate) const fn new(coroutine: C) -> Self {
        Self { coroutine, progress: Progress::New }
    }
}

impl<C> Arm for Driver<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    fn arm(mut self) -> Self {
        self.progress = Progress::Entered;
        self
    }
}

/// How far a coroutine is.
pub enum Progress {
    /// Never polled: there is nothing to clean up.
    New,
    /// Suspended, or armed before its first poll, so that a drop resumes it.
    Entered,
    /// Inside a poll, or ended by a value or a panic, so that it must not be resumed.
    Ended,
}

impl Progress {
    /// Begins a poll. If the coroutine panics in that poll, the drop does not resume it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn enter(&mut self) {
        if let Self::Ended = mem::replace(self, Self::Ended) {
            panic!("`finally` polled after completion");
        }
    }
}

impl<C, E> Future for Driver<C>
where
    C: Future<Output = E>,
    E: Deliver,
{
    type Output = E::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<E::Output> {
        let this = self.project();
        let coroutine = erased!(this.coroutine => Pin<&mut dyn Future<Output = E>>);
        poll_settled(coroutine, this.progress, context)
    }
}

/// Polls a coroutine that leaves nothing to be awaited.
#[cfg_attr(not(debug_assertions), inline(always))]
fn poll_settled<E: Deliver, C: Future<Output = E> + ?Sized>(
    coroutine: Pin<&mut C>,
    progress: &mut Progress,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    without_signal!(context);
    progress.enter();
    let mut polled = coroutine.poll(context);
    if polled.is_pending() {
        *progress = Progress::Entered;
        return Poll::Pending;
    }
    deliver_ended(&mut polled)
}

/// Resumes a coroutine that is under way, when its driver is dropped.
#[cfg_attr(not(debug_assertions), inline(always))]
fn leave<E: Ending, C: Future<Output = E> + ?Sized>(coroutine: Pin<&mut C>, progress: &mut Progress) {
    if let Progress::Entered = mem::replace(progress, Progress::Ended) {
        resume(coroutine);
    }
}

#[inline(never)]
fn resume<E: Ending, C: Future<Output = E> + ?Sized>(coroutine: Pin<&mut C>) {
    // One closure does both steps, so that it returns no result: a deep nest would have that on its stack once for each level.
    let abandoned = catch(|| abandon(&mut coroutine.poll(&mut signal::context())));
    raise(abandoned.err(), Location::caller());
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn deliver_ended<E: Deliver>(polled: &mut Poll<E>) -> Poll<E::Output> {
    Poll::Ready(ended(polled).deliver())
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn abandon<E: Ending>(polled: &mut Poll<E>) {
    ended(polled).abandon();
}

/// Takes the ending of a coroutine out of the result of its poll.
///
/// It takes the result by reference, because a debug build would have a second ending on the stack of each level of a nest.
#[cfg_attr(not(debug_assertions), inline(always))]
fn ended<E>(polled: &mut Poll<E>) -> E {
    match mem::replace(polled, Poll::Pending) {
        Poll::Ready(ending) => ending,
        Poll::Pending => unreachable!("each await in a coroutine ends at the signal"),
    }
}
