//! A driver that awaits a cleanup after its coroutine, in the same place.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{Progress, leave};
use crate::engine::{
    armed::Arm,
    ending::{Deliver, Ending, FirstPoll, PollEnding},
    erased::erased,
    exclusive::Exclusive,
    signal::without_signal,
};

pin_project! {
    /// Drives a coroutine, and then awaits the cleanup that the coroutine ended in.
    ///
    /// It does not share the stages of a [`Combinator`](crate::engine::combinator::Combinator), because the progress is a field of
    /// its first stage: beside the stages, it would cost the future 8 bytes.
    #[project = HoldingDriverProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum HoldingDriver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        Running {
            #[pin]
            coroutine: C,
            progress: Progress,
        },
        Holding {
            #[pin]
            held: Exclusive<<C::Output as Ending>::Held>,
        },
        Ended,
    }

    impl<C> PinnedDrop for HoldingDriver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn drop(this: Pin<&mut Self>) {
            if let HoldingDriverProject::Running { coroutine, progress } = this.project() {
                leave(erased!(coroutine => Pin<&mut dyn Future<Output = C::Output>>), progress);
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
        Self::Running { coroutine, progress: Progress::New }
    }
}

impl<C> Arm for HoldingDriver<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    fn arm(mut self) -> Self {
        if let Self::Running { progress, .. } = &mut self {
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
        let driver = erased!(self => Pin<&mut dyn AnyHoldingDriver<C::Output>>);
        poll(driver, context)
    }
}

/// An object-safe driver.
trait AnyHoldingDriver<E: Ending> {
    /// Returns the coroutine, unless it has ended.
    fn running(self: Pin<&mut Self>) -> Option<Running<'_, E>>;

    fn after_coroutine(self: Pin<&mut Self>) -> Pin<&mut dyn AfterCoroutine<E::Held>>;
}

struct Running<'a, E> {
    coroutine: Pin<&'a mut dyn Future<Output = E>>,
    progress: &'a mut Progress,
}

/// The driver as the steps after its coroutine see it.
///
/// The trait is separate, so that a trait object of a release build does not name the coroutine: the optimizer would then not inline
/// it.
trait AfterCoroutine<H> {
    fn held(self: Pin<&mut Self>) -> Option<Pin<&mut H>>;

    /// Begins to hold a cleanup, or ends. Drops the previous stage.
    fn proceed(self: Pin<&mut Self>, held: Option<H>);
}

impl<C, E> AnyHoldingDriver<E> for HoldingDriver<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn running(self: Pin<&mut Self>) -> Option<Running<'_, E>> {
        match self.project() {
            HoldingDriverProject::Running { coroutine, progress } => Some(Running { coroutine, progress }),
            HoldingDriverProject::Holding { .. } | HoldingDriverProject::Ended => None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after_coroutine(self: Pin<&mut Self>) -> Pin<&mut dyn AfterCoroutine<E::Held>> {
        self
    }
}

impl<C, E> AfterCoroutine<E::Held> for HoldingDriver<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    fn held(self: Pin<&mut Self>) -> Option<Pin<&mut E::Held>> {
        match self.project() {
            HoldingDriverProject::Holding { held } => Some(held.get()),
            HoldingDriverProject::Running { .. } | HoldingDriverProject::Ended => None,
        }
    }

    fn proceed(mut self: Pin<&mut Self>, held: Option<E::Held>) {
        self.set(match held {
            Some(held) => Self::Holding { held: Exclusive::new(held) },
            None => Self::Ended,
        });
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn poll<E: Ending, D: AnyHoldingDriver<E> + ?Sized>(
    mut driver: Pin<&mut D>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    without_signal!(context);
    let Some(Running { coroutine, progress }) = driver.as_mut().running() else {
        return poll_held(driver.after_coroutine(), context);
    };
    progress.enter();
    match coroutine.poll(context) {
        Poll::Pending => {
            *progress = Progress::Entered;
            Poll::Pending
        }
        Poll::Ready(ending) => conclude(driver, ending, context),
    }
}

/// Polls the cleanup of a coroutine that has ended.
#[cfg_attr(not(debug_assertions), inline(always))]
fn conclude<E: Ending, D: AnyHoldingDriver<E> + ?Sized>(
    mut driver: Pin<&mut D>,
    ending: E,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    match ending.poll_first(context, &mut |held| driver.as_mut().after_coroutine().proceed(Some(held))) {
        FirstPoll::Ready(output) => Poll::Ready(output),
        FirstPoll::Pending => Poll::Pending,
        FirstPoll::Held => poll_held(driver.after_coroutine(), context),
    }
}

/// Polls the cleanup in its place.
#[inline(never)]
fn poll_held<H: PollEnding>(
    mut after: Pin<&mut dyn AfterCoroutine<H>>,
    context: &mut Context<'_>,
) -> Poll<H::Output> {
    let Some(held) = after.as_mut().held() else { panic!("`finally` polled after completion") };
    let verdict = ready!(held.poll(context));
    after.proceed(None);
    Poll::Ready(verdict.deliver())
}
