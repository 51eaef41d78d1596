//! A guard that awaits a cleanup after its coroutine, in the same place.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{Progress, leave, poll};
use crate::engine::{
    armed::Arm,
    ending::{Ending, FirstPoll, PollEnding},
    erased::erased,
    exclusive::Exclusive,
    signal,
    verdict::deliver,
};

pin_project! {
    /// Drives a coroutine, and then awaits the cleanup that the coroutine ended in.
    ///
    /// Not the stage of a [`Combinator`](crate::engine::combinator::Combinator): the progress shares its place with the
    /// coroutine, and beside that would cost the future 8 bytes.
    #[project = HoldingGuardProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum HoldingGuard<C>
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

    impl<C> PinnedDrop for HoldingGuard<C>
    where
        C: Future,
        C::Output: Ending,
    {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn drop(this: Pin<&mut Self>) {
            if let HoldingGuardProject::Running { coroutine, progress } = this.project() {
                leave(erased!(coroutine => Pin<&mut dyn Future<Output = C::Output>>), progress);
            }
        }
    }
}

impl<C> HoldingGuard<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    pub(crate) const fn new(coroutine: C) -> Self {
        Self::Running { coroutine, progress: Progress::New }
    }
}

impl<C> Arm for HoldingGuard<C>
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

impl<C> Future for HoldingGuard<C>
where
    C: Future,
    C::Output: Ending,
{
    type Output = <C::Output as Ending>::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let guard = erased!(self => Pin<&mut dyn AnyHoldingGuard<C::Output>>);
        poll_without_signal(guard, context)
    }
}

/// An object-safe guard.
trait AnyHoldingGuard<E: Ending> {
    fn stage(self: Pin<&mut Self>) -> Stage<'_, E>;

    /// Goes on to awaiting the cleanup, or to the end. Drops the previous stage.
    fn proceed(self: Pin<&mut Self>, held: Option<E::Held>);
}

enum Stage<'a, E: Ending> {
    Running { coroutine: Pin<&'a mut dyn Future<Output = E>>, progress: &'a mut Progress },
    Holding(Pin<&'a mut E::Held>),
    Ended,
}

impl<C, E> AnyHoldingGuard<E> for HoldingGuard<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn stage(self: Pin<&mut Self>) -> Stage<'_, E> {
        match self.project() {
            HoldingGuardProject::Running { coroutine, progress } => Stage::Running { coroutine, progress },
            HoldingGuardProject::Holding { held } => Stage::Holding(held.get()),
            HoldingGuardProject::Ended => Stage::Ended,
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
fn poll_without_signal<E: Ending, G: AnyHoldingGuard<E> + ?Sized>(
    guard: Pin<&mut G>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    signal::without(context, |context| poll_holding(guard, context))
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn poll_holding<E: Ending, G: AnyHoldingGuard<E> + ?Sized>(
    mut guard: Pin<&mut G>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    let Stage::Running { coroutine, progress } = guard.as_mut().stage() else {
        return poll_held::<E, G>(guard, context);
    };
    match poll(coroutine, progress, context) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(ending) => conclude(guard, ending, context),
    }
}

/// Polls the cleanup of a coroutine that has ended.
#[cfg_attr(not(debug_assertions), inline(always))]
fn conclude<E: Ending, G: AnyHoldingGuard<E> + ?Sized>(
    mut guard: Pin<&mut G>,
    ending: E,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    match ending.poll_first(context, &mut |held| guard.as_mut().proceed(Some(held))) {
        FirstPoll::Ready(output) => Poll::Ready(output),
        FirstPoll::Pending => Poll::Pending,
        FirstPoll::Held => poll_held::<E, G>(guard, context),
    }
}

/// Polls the cleanup in its place.
#[inline(never)]
fn poll_held<E: Ending, G: AnyHoldingGuard<E> + ?Sized>(
    mut guard: Pin<&mut G>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    let Stage::Holding(held) = guard.as_mut().stage() else { panic!("`finally` polled after completion") };
    let verdict = ready!(held.poll(context));
    guard.proceed(None);
    Poll::Ready(deliver(verdict))
}
