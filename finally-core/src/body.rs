//! The future around the user's block.

use core::{
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    erased::erased,
    handoff::GroupKey,
    outcome::{Exit, Outcome},
    signal,
};

/// The user's block, to be awaited in a coroutine. Not a function, and so one less that is compiled for each of the user's.
#[must_use = "a body runs when it is awaited"]
pub struct Body<F>(pub F);

impl<F: Future> IntoFuture for Body<F> {
    type Output = Exit<F::Output>;
    type IntoFuture = RunningBody<F>;

    #[inline(always)]
    fn into_future(self) -> RunningBody<F> {
        RunningBody::Running { future: self.0, adopted: GroupKey::NONE }
    }
}

pin_project! {
    /// Polls the user's block, catches its panic, and on the cancel signal drops it.
    ///
    /// Cleanups of futures that are cancelled inside the block are adopted: an executor runs them, and those that have not
    /// ended when the block ends go along with the exit.
    #[project = BodyProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum RunningBody<F> {
        Running {
            #[pin]
            future: F,
            adopted: GroupKey,
        },
        Ended,
    }
}

impl<F: Future> Future for RunningBody<F> {
    type Output = Exit<F::Output>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        poll(erased!(self => Pin<&mut dyn AnyBody<F::Output>>), context)
    }
}

/// A body whatever its future is.
trait AnyBody<T> {
    /// What it is made of, for as long as it runs.
    #[allow(clippy::type_complexity, reason = "an alias would hide what it is")]
    fn running(self: Pin<&mut Self>) -> Option<(Pin<&mut dyn Future<Output = T>>, &mut GroupKey)>;

    /// Drops what it holds.
    fn end(self: Pin<&mut Self>);
}

impl<F: Future> AnyBody<F::Output> for RunningBody<F> {
    #[inline]
    fn running(self: Pin<&mut Self>) -> Option<(Pin<&mut dyn Future<Output = F::Output>>, &mut GroupKey)> {
        match self.project() {
            BodyProject::Running { future, adopted } => Some((future, adopted)),
            BodyProject::Ended => None,
        }
    }

    #[inline]
    fn end(mut self: Pin<&mut Self>) {
        self.set(Self::Ended);
    }
}

#[inline]
fn poll<T, B: AnyBody<T> + ?Sized>(mut body: Pin<&mut B>, context: &mut Context<'_>) -> Poll<Exit<T>> {
    let Some((future, adopted)) = body.as_mut().running() else {
        panic!("`finally` polled after completion")
    };
    let mut exit = if signal::is_cancel(context) {
        Exit::of_body(Outcome::Cancelled, adopted.take())
    } else {
        ready!(run(future, adopted, context))
    };
    exit.drop_body(&mut || body.as_mut().end());
    Poll::Ready(exit)
}

/// Polls what belongs to the user.
#[inline]
pub(crate) fn run<T>(
    mut future: Pin<&mut dyn Future<Output = T>>,
    adopted: &mut GroupKey,
    context: &mut Context<'_>,
) -> Poll<Exit<T>> {
    let outcome = match adopted.polling(|| future.as_mut().poll(context)) {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(value)) => Outcome::Returned(value),
        Err(payload) => Outcome::Panicked(payload),
    };
    Poll::Ready(Exit::of_body(outcome, adopted.take()))
}

impl<T> Exit<T> {
    /// Drops what the body holds, before its cleanup starts. A panic on that way must not lose the cleanup.
    #[inline]
    pub(crate) fn drop_body(&mut self, drop: &mut dyn FnMut()) {
        let dropped =
            if self.is_cancelled() { self.adopted.dropping(drop) } else { self.adopted.polling(drop) };
        self.drop_panic = dropped.err();
    }
}
