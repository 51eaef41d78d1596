//! A cleanup in a box of its own, so that it can go on elsewhere when its caller leaves.

use alloc::boxed::Box;
use core::{
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{Detach, Ending, Hold, Rules, Settled, Texts, rules::report_cleanup};
use crate::{
    cleanup::Awaited,
    describe::Describe,
    failure::{self, FailureKind},
    guard::HoldingGuard,
    handoff::{self, BoxFuture, Chain, Job, Task, poll_caught},
    outcome::Exit,
    unwind::{Payload, catch},
};

/// A cleanup in its box, and what becomes of it when its caller leaves.
pub trait Owned: Sized {
    type Value;

    fn poll_caught(&mut self, context: &mut Context<'_>) -> Poll<Result<Self::Value, Payload>>;

    fn leave<T>(settling: &mut Settling<T, Self>);
}

type BoxCleanup<V> = Pin<Box<dyn Future<Output = V> + Send>>;

/// A cleanup that is handed off, in a box of its own, whatever its future is.
pub struct Detachable<V> {
    future: BoxCleanup<V>,
    /// Known where the future is known to be `'static`, and so its value.
    detach: fn(BoxCleanup<V>, Describe<V>, &'static Location<'static>) -> BoxFuture,
}

impl<F> Detach<Awaited, Detachable<F::Output>> for F
where
    // A cancelled caller does not wait, so the cleanup may have to move to another task: it owns what it uses and is
    // `Send`. Own it (`clone` what the cleanup needs), or choose `on_cancel = block` or `on_cancel = skip`.
    F: Future + Send + 'static,
    F::Output: 'static,
{
    #[inline(always)]
    fn detached(self) -> Detachable<F::Output> {
        // Pinned as what every function has, where nothing is compiled for it.
        let future: Box<dyn Future<Output = F::Output> + Send> = Box::new(self);
        Detachable { future: Box::into_pin(future), detach }
    }
}

fn detach<V: 'static>(
    future: BoxCleanup<V>,
    describe: Describe<V>,
    location: &'static Location<'static>,
) -> BoxFuture {
    Box::pin(Task::new(future, describe, location))
}

impl<V> Owned for Detachable<V> {
    type Value = V;

    fn poll_caught(&mut self, context: &mut Context<'_>) -> Poll<Result<V, Payload>> {
        poll_caught(self.future.as_mut(), context)
    }

    fn leave<T>(settling: &mut Settling<T, Self>) {
        let Texts { cleanup: describe, location, .. } = settling.rules.texts;
        settling.hand_off(|cleanup| (cleanup.detach)(cleanup.future, describe, location));
    }
}

/// Turns a cleanup into one that an executor can take. Exists only where the cleanup is `Send + 'static`.
pub type Detacher<F> = fn(Pin<Box<Task<F>>>) -> BoxFuture;

/// A cleanup that is driven to its end inside the drop. Where that would deadlock it is handed off, if it can be.
pub struct Blocking<F: Future> {
    task: Pin<Box<Task<F>>>,
    detach: Option<Detacher<F>>,
}

impl<F: Future> Blocking<F> {
    pub(crate) fn new<T>(future: F, detach: Option<Detacher<F>>, texts: &Texts<T, F::Output>) -> Self {
        Self { task: Box::pin(Task::new(future, texts.cleanup, texts.location)), detach }
    }
}

impl<F: Future> Owned for Blocking<F> {
    type Value = F::Output;

    fn poll_caught(&mut self, context: &mut Context<'_>) -> Poll<Result<F::Output, Payload>> {
        self.task.as_mut().poll_caught(context)
    }

    fn leave<T>(settling: &mut Settling<T, Self>) {
        let mut cleaned = None;
        let blocked =
            handoff::block(&mut |context| settling.poll_cleanup(context).map(|ended| cleaned = Some(ended)));
        let detach = settling.cleanup.as_ref().ok().and_then(|cleanup| cleanup.detach);
        match (cleaned, blocked, detach) {
            (Some(cleaned), ..) => report_cleanup(cleaned, &settling.rules.texts),
            (None, _, Some(detach)) => settling.hand_off(|cleanup| detach(cleanup.task)),
            (None, deadlock, None) => {
                handoff::hand_off(mem::take(&mut settling.adopted));
                let reason = deadlock.err().unwrap_or_default();
                failure::report(FailureKind::Lost, reason.into(), settling.rules.texts.location);
            }
        }
    }
}

/// Awaits what the body adopted, then the cleanup, and puts their ends together.
pub struct Settling<T, O: Owned> {
    /// Taken when the end is known, so a drop knows whether the caller leaves too early.
    settled: Option<Settled<T>>,
    adopted: Chain,
    cleanup: Result<O, Option<Payload>>,
    rules: Rules<T, O::Value>,
}

/// The one pinned part is in a box.
impl<T, O: Owned> Unpin for Settling<T, O> {}

impl<T, O: Owned> Settling<T, O> {
    pub(crate) fn new(cleanup: Result<O, Payload>, exit: Exit<T>, rules: Rules<T, O::Value>) -> Self {
        let (settled, adopted) = exit.into_parts(&rules.texts);
        Self { settled: Some(settled), adopted, cleanup: cleanup.map_err(Some), rules }
    }

    fn poll_cleanup(&mut self, context: &mut Context<'_>) -> Poll<Result<O::Value, Payload>> {
        ready!(self.adopted.poll(context));
        let cleaned = match &mut self.cleanup {
            Ok(cleanup) => ready!(cleanup.poll_caught(context)),
            Err(payload) => match payload.take() {
                Some(payload) => Err(payload),
                None => panic!("`finally` polled after completion"),
            },
        };
        // The future of a cleanup goes before the result is delivered, and a panic on that way counts as its own.
        let cleanup = mem::replace(&mut self.cleanup, Err(None));
        Poll::Ready(match catch(|| drop(cleanup)) {
            Ok(()) => cleaned,
            Err(payload) => {
                report_cleanup(cleaned, &self.rules.texts);
                Err(payload)
            }
        })
    }

    fn hand_off(&mut self, detach: impl FnOnce(O) -> BoxFuture) {
        let mut chain = mem::take(&mut self.adopted);
        match mem::replace(&mut self.cleanup, Err(None)) {
            Ok(cleanup) => chain.push(Job::new(detach(cleanup), self.rules.texts.location)),
            Err(Some(payload)) => {
                failure::report_panic(FailureKind::CleanupPanicked, payload, self.rules.texts.location);
            }
            Err(None) => {}
        }
        handoff::hand_off(chain);
    }
}

impl<T, O: Owned> Hold for Settling<T, O> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<T>> {
        let cleaned = ready!(self.poll_cleanup(context));
        let settled = self.settled.take().expect("`poll_cleanup` panics when it is polled after completion");
        Poll::Ready(settled.with_cleanup(cleaned, &self.rules))
    }

    /// The cleanup goes on.
    fn leave(mut self: Pin<&mut Self>) -> Option<Settled<T>> {
        let settled = self.settled.take()?;
        O::leave(&mut self);
        Some(settled.left(&self.rules.texts))
    }
}

/// Awaits the two inside the coroutine, for a cleanup that may borrow from it.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Settle<T, O: Owned>(pub(crate) Settling<T, O>);

impl<T, O: Owned> Future for Settle<T, O> {
    type Output = Settled<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<T>> {
        super::poll_in_coroutine(Pin::new(&mut self.0), context)
    }
}

impl<T, O: Owned> Ending for Settling<T, O> {
    type Output = T;
    type Held = Self;
    type Guard<C: Future<Output = Self>> = HoldingGuard<C, Self>;

    #[inline(always)]
    fn guard<C: Future<Output = Self>>(coroutine: C) -> Self::Guard<C> {
        HoldingGuard::new(coroutine)
    }

    fn begin(self) -> Result<T, Self> {
        Err(self)
    }

    fn abandon(self) {
        // Its drop does it.
    }
}

impl<T, O: Owned> Drop for Settling<T, O> {
    fn drop(&mut self) {
        if let Some(left) = Pin::new(self).leave() {
            left.abandon();
        }
    }
}
