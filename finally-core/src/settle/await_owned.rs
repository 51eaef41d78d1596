//! A cleanup in a box of its own, so that it can go on elsewhere when its caller leaves.

use alloc::boxed::Box;
use core::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{Ending, Hold, Rules, Settled, rules::report_cleanup};
use crate::{
    failure::{self, FailureKind},
    handoff::{self, BoxFuture, Chain, Job, Task},
    outcome::Exit,
    signal,
    unwind::{Payload, catch},
};

/// Turns a cleanup into one that an executor can take. Exists only where the cleanup is `Send + 'static`.
pub type Detacher<F> = fn(Pin<Box<Task<F>>>) -> BoxFuture;

/// What becomes of a cleanup whose caller leaves.
pub enum OnLeave<F: Future> {
    HandOff(Detacher<F>),
    /// Driven to its end inside the drop. Where that would deadlock it is handed off, if it can be.
    Block(Option<Detacher<F>>),
}

/// Awaits what the body adopted, then the cleanup, and puts their ends together.
pub struct Settling<T, F>
where
    F: Future,
{
    /// Taken when the end is known, so a drop knows whether the caller leaves too early.
    settled: Option<Settled<T>>,
    adopted: Chain,
    cleanup: Result<Pin<Box<Task<F>>>, Option<Payload>>,
    rules: Rules<T, F::Output>,
    on_leave: OnLeave<F>,
}

/// The one pinned part is in a box.
impl<T, F> Unpin for Settling<T, F> where F: Future {}

impl<T, F> Settling<T, F>
where
    F: Future,
{
    pub(crate) fn new(
        built: Result<F, Payload>,
        exit: Exit<T>,
        rules: Rules<T, F::Output>,
        on_leave: OnLeave<F>,
    ) -> Self {
        let (settled, adopted) = exit.into_parts(&rules.texts);
        let cleanup = match built {
            Ok(future) => Ok(Box::pin(Task::new(future, rules.texts.cleanup, rules.texts.location))),
            Err(payload) => Err(Some(payload)),
        };
        Self { settled: Some(settled), adopted, cleanup, rules, on_leave }
    }

    fn poll_cleanup(&mut self, context: &mut Context<'_>) -> Poll<Result<F::Output, Payload>> {
        ready!(self.adopted.poll(context));
        let cleaned = match &mut self.cleanup {
            Ok(task) => ready!(task.as_mut().poll_caught(context)),
            Err(payload) => match payload.take() {
                Some(payload) => Err(payload),
                None => panic!("`finally` polled after completion"),
            },
        };
        // The future of a cleanup goes before the result is delivered, and a panic on that way counts as its own.
        let task = mem::replace(&mut self.cleanup, Err(None));
        Poll::Ready(match catch(|| drop(task)) {
            Ok(()) => cleaned,
            Err(payload) => {
                report_cleanup(cleaned, &self.rules.texts);
                Err(payload)
            }
        })
    }

    /// The caller has left: the cleanup goes on, and what has no one to go to is reported.
    fn leave(&mut self) {
        let Some(settled) = self.settled.take() else {
            return;
        };
        match self.on_leave {
            OnLeave::HandOff(detach) => self.hand_off(detach),
            OnLeave::Block(detach) => match crate::handoff::block(|context| self.poll_cleanup(context)) {
                Ok(cleaned) => report_cleanup(cleaned, &self.rules.texts),
                Err(deadlock) => match detach {
                    Some(detach) => self.hand_off(detach),
                    None => {
                        handoff::hand_off(mem::take(&mut self.adopted));
                        failure::report(FailureKind::Lost, deadlock.into(), self.rules.texts.location);
                    }
                },
            },
        }
        settled.leave(&self.rules.texts);
    }

    fn hand_off(&mut self, detach: Detacher<F>) {
        let mut chain = mem::take(&mut self.adopted);
        match mem::replace(&mut self.cleanup, Err(None)) {
            Ok(task) => chain.push(Job::new(detach(task), self.rules.texts.location)),
            Err(Some(payload)) => {
                failure::report_panic(FailureKind::CleanupPanicked, payload, self.rules.texts.location);
            }
            Err(None) => {}
        }
        handoff::hand_off(chain);
    }
}

impl<T, F> Hold for Settling<T, F>
where
    F: Future,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<T>> {
        let cleaned = ready!(self.poll_cleanup(context));
        let settled = self.settled.take().expect("`poll_cleanup` panics when it is polled after completion");
        Poll::Ready(settled.with_cleanup(cleaned, &self.rules))
    }
}

/// Awaits the two inside the coroutine, for a cleanup that may borrow from it.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Settle<T, F>(pub(crate) Settling<T, F>)
where
    F: Future;

impl<T, F> Future for Settle<T, F>
where
    F: Future,
{
    type Output = Settled<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<T>> {
        // The guard around it is being dropped, and so will this be: no poll of the user's code in between.
        if signal::is_cancel(context) { Poll::Pending } else { Pin::new(&mut self.0).poll(context) }
    }
}

impl<T, F> Ending for Settling<T, F>
where
    F: Future,
{
    type Output = T;
    type Held = Self;

    fn begin(self) -> Result<Settled<T>, Self> {
        Err(self)
    }

    fn abandon(self) {
        // Its drop does it.
    }
}

impl<T, F> Drop for Settling<T, F>
where
    F: Future,
{
    fn drop(&mut self) {
        self.leave();
    }
}
