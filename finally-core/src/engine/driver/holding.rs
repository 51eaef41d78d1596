//! A driver that awaits a cleanup after its coroutine, in the same place.

#[cfg(debug_assertions)]
use core::mem;
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

#[cfg(not(debug_assertions))]
use super::Apart as _;
use super::{Drive, Progress, drive_inert, resume};
use crate::engine::{
    armed::Arm,
    body::Polling,
    depth::Before,
    ending::{Ending, FirstPoll, Hold, PollEnding},
    exclusive::Exclusive,
    signal,
    unwind::abort,
    verdict::Verdict,
};

pin_project! {
    /// Drives a coroutine, and then awaits the cleanup that the coroutine ended in.
    #[project = HoldingDriverProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum HoldingDriver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        Running {
            before: Before<<C::Output as Ending>::Held>,
            #[pin]
            coroutine: C,
            progress: Progress,
        },
        /// The cleanup stays here when it has ended. It holds nothing then, and panics if it is polled again.
        Holding {
            #[pin]
            held: Exclusive<<C::Output as Ending>::Held>,
        },
    }

    impl<C> PinnedDrop for HoldingDriver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn drop(mut this: Pin<&mut Self>) {
            // By a unique reference, as in the drop of a `Driver`.
            if let HoldingDriverProject::Running { progress: Progress::Entered, .. } = this.as_mut().project() {
                resume(this, &mut signal::context());
            }
        }
    }
}

impl<C> HoldingDriver<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    pub(crate) const fn new(coroutine: C) -> Self {
        Self::Running { before: [], coroutine, progress: Progress::New }
    }
}

impl<C> Arm for HoldingDriver<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    fn arm(mut self) -> Self {
        if let HoldingDriver::Running { progress, .. } = &mut self {
            *progress = Progress::Entered;
        }
        self
    }
}

impl<C> Future for HoldingDriver<C>
where
    C: Future,
    C::Output: Ending,
{
    type Output = <C::Output as Ending>::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if signal::is_cancel(context) {
            return drive_inert(self);
        }
        Drive::drive(self, context)
    }
}

impl<C> Drive for HoldingDriver<C>
where
    C: Future,
    C::Output: Ending,
{
    type Output = <C::Output as Ending>::Output;

    #[inline(always)]
    fn drive(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        #[cfg(debug_assertions)]
        return drive(&mut Polling { polled: self as Pin<&mut dyn AnyHoldingDriver<C::Output>>, context });
        #[cfg(not(debug_assertions))]
        C::drive_holding(self, context)
    }
}

/// An object-safe driver.
pub(super) trait AnyHoldingDriver<E: Ending> {
    /// Returns the coroutine, unless it has ended.
    fn running(self: Pin<&mut Self>) -> Option<Running<'_, E>>;

    fn after_coroutine(self: Pin<&mut Self>) -> Pin<&mut dyn AfterCoroutine<E::Held>>;
}

pub(super) struct Running<'a, E> {
    coroutine: Pin<&'a mut dyn Future<Output = E>>,
    progress: &'a mut Progress,
}

/// The driver as the steps after its coroutine see it.
///
/// The trait is separate, so that a trait object of a release build does not name the coroutine: the optimizer would then not inline
/// it.
pub(super) trait AfterCoroutine<H>: Hold<H> {
    /// Returns the cleanup, unless the coroutine is still there.
    fn held(self: Pin<&mut Self>) -> Option<Pin<&mut H>>;
}

impl<C, E> AnyHoldingDriver<E> for HoldingDriver<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn running(self: Pin<&mut Self>) -> Option<Running<'_, E>> {
        match self.project() {
            HoldingDriverProject::Running { coroutine, progress, .. } => {
                Some(Running { coroutine, progress })
            }
            HoldingDriverProject::Holding { .. } => None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after_coroutine(self: Pin<&mut Self>) -> Pin<&mut dyn AfterCoroutine<E::Held>> {
        self
    }
}

impl<C, E> Hold<E::Held> for HoldingDriver<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    #[inline]
    fn hold(mut self: Pin<&mut Self>, held: E::Held) {
        self.set(Self::Holding { held: Exclusive::new(held) });
    }
}

impl<C, E> AfterCoroutine<E::Held> for HoldingDriver<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    #[inline]
    fn held(self: Pin<&mut Self>) -> Option<Pin<&mut E::Held>> {
        match self.project() {
            HoldingDriverProject::Holding { held } => Some(held.get()),
            HoldingDriverProject::Running { .. } => None,
        }
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn drive<E: Ending, D: AnyHoldingDriver<E> + ?Sized>(
    polling: &mut Polling<'_, '_, D>,
) -> Poll<E::Output> {
    let Some(coroutine) = enter(&mut polling.polled) else { return poll_after_coroutine(polling) };
    match coroutine.poll(polling.context) {
        Poll::Pending => suspend(polling),
        #[cfg(debug_assertions)]
        ref mut ready => conclude_ready(polling, ready),
        #[cfg(not(debug_assertions))]
        Poll::Ready(ending) => conclude(polling, ending),
    }
}

// These are functions of their own for the same reason as those around the poll of a body.

/// Begins a poll of the coroutine, unless that has ended.
#[cfg_attr(not(debug_assertions), inline(always))]
fn enter<'a, E: Ending, D: AnyHoldingDriver<E> + ?Sized>(
    driver: &'a mut Pin<&mut D>,
) -> Option<Pin<&'a mut dyn Future<Output = E>>> {
    let Running { coroutine, progress } = driver.as_mut().running()?;
    progress.enter();
    Some(coroutine)
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn poll_after_coroutine<E: Ending, D: AnyHoldingDriver<E> + ?Sized>(
    polling: &mut Polling<'_, '_, D>,
) -> Poll<E::Output> {
    poll_held(polling.polled.as_mut().after_coroutine(), polling.context)
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn suspend<E: Ending, D: AnyHoldingDriver<E> + ?Sized>(polling: &mut Polling<'_, '_, D>) -> Poll<E::Output> {
    if let Some(Running { progress, .. }) = polling.polled.as_mut().running() {
        *progress = Progress::Entered;
    }
    Poll::Pending
}

/// Calls [`conclude`]. It takes the result by reference, as that of a driver without a place does.
#[cfg(debug_assertions)]
fn conclude_ready<E: Ending, D: AnyHoldingDriver<E> + ?Sized>(
    polling: &mut Polling<'_, '_, D>,
    ready: &mut Poll<E>,
) -> Poll<E::Output> {
    let Poll::Ready(ending) = mem::replace(ready, Poll::Pending) else { return Poll::Pending };
    conclude(polling, ending)
}

/// Polls the cleanup of a coroutine that has ended, or abandons it.
#[cfg_attr(not(debug_assertions), inline(always))]
fn conclude<E: Ending, D: AnyHoldingDriver<E> + ?Sized>(
    polling: &mut Polling<'_, '_, D>,
    ending: E,
) -> Poll<E::Output> {
    if signal::is_cancel(polling.context) {
        ending.abandon();
        return Poll::Pending;
    }
    match ending.poll_first(polling.context, polling.polled.as_mut().after_coroutine()) {
        FirstPoll::Ready(output) => Poll::Ready(output),
        FirstPoll::Pending => Poll::Pending,
        FirstPoll::Held => poll_after_coroutine(polling),
    }
}

/// Polls the cleanup in its place.
#[inline(never)]
fn poll_held<H: PollEnding>(
    driver: Pin<&mut dyn AfterCoroutine<H>>,
    context: &mut Context<'_>,
) -> Poll<H::Output> {
    let Some(held) = driver.held() else { abort(&"a driver without a coroutine holds a cleanup") };
    held.poll(context).map(Verdict::deliver)
}
