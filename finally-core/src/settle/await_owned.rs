//! A cleanup in a box of its own, so that it can go on elsewhere when its caller leaves.

use alloc::boxed::Box;
use core::{
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{Detach, Ending, Hold, Rules, Settled, Texts};
use crate::{
    cleanup::Awaited,
    describe::Describe,
    failure::{self, FailureKind},
    guard::HoldingGuard,
    handoff::{self, Adopted, BoxFuture, Drive},
    outcome::Exit,
    report::{Reporting, report_cleanup},
    unwind::Payload,
};

/// A cleanup in its box, and what becomes of it when its caller leaves.
pub trait Owned: Sized {
    type Value;

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Self::Value>;

    fn leave<T>(settling: &mut Settling<T, Self>);
}

/// A cleanup that is handed off, in a box of its own, whatever its future is.
pub struct Detachable<V>(Pin<Box<dyn AnyReporting<V>>>);

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
        let cleanup: Box<dyn AnyReporting<F::Output>> = Box::new(Reporting::unaddressed(self));
        Detachable(Box::into_pin(cleanup))
    }
}

/// A cleanup in its box whatever its future is.
trait AnyReporting<V>: Send {
    fn future(self: Pin<&mut Self>) -> Pin<&mut dyn Future<Output = V>>;

    fn detach(self: Pin<Box<Self>>, describe: Describe<V>, location: &'static Location<'static>)
    -> BoxFuture;
}

impl<F> AnyReporting<F::Output> for Reporting<F>
where
    F: Future + Send + 'static,
    F::Output: 'static,
{
    fn future(self: Pin<&mut Self>) -> Pin<&mut dyn Future<Output = F::Output>> {
        Self::future(self)
    }

    fn detach(
        mut self: Pin<Box<Self>>,
        describe: Describe<F::Output>,
        location: &'static Location<'static>,
    ) -> BoxFuture {
        self.as_mut().address(describe, location);
        self
    }
}

impl<V> Owned for Detachable<V> {
    type Value = V;

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<V> {
        self.0.as_mut().future().poll(context)
    }

    #[inline]
    fn leave<T>(settling: &mut Settling<T, Self>) {
        let Texts { cleanup: describe, location, .. } = settling.rules.texts;
        settling.hand_off(|cleanup| cleanup.0.detach(describe, location));
    }
}

/// Turns a cleanup into one that an executor can take. Exists only where the cleanup is `Send + 'static`.
pub type Detacher<F> = fn(Pin<Box<Reporting<F>>>) -> BoxFuture;

/// A cleanup that is driven to its end inside the drop. Where that would deadlock it is handed off, if it can be.
pub struct Blocking<F: Future> {
    cleanup: Pin<Box<Reporting<F>>>,
    detach: Option<Detacher<F>>,
}

impl<F: Future> Blocking<F> {
    pub(crate) fn new<T>(future: F, detach: Option<Detacher<F>>, texts: &Texts<T, F::Output>) -> Self {
        Self { cleanup: Box::pin(Reporting::new(future, texts.cleanup, texts.location)), detach }
    }
}

impl<F: Future> Owned for Blocking<F> {
    type Value = F::Output;

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<F::Output> {
        self.cleanup.as_mut().future().poll(context)
    }

    fn leave<T>(settling: &mut Settling<T, Self>) {
        let mut blocked = handoff::block(settling);
        let detach = settling.cleanup.as_ref().ok().and_then(|cleanup| cleanup.detach);
        if blocked.is_err() && !settling.started && detach.is_none() {
            // It waits for cleanups that wait for this very thread. Out of order is better than lost.
            settling.adopted.take().pass_on();
            settling.started = true;
            blocked = handoff::block(settling);
        }
        match (blocked, detach) {
            (Ok(()), _) => {}
            (Err(_), Some(detach)) => settling.hand_off(|cleanup| detach(cleanup.cleanup)),
            (Err(reason), None) => {
                let location = settling.rules.texts.location;
                // It may have ended, and only wait for what it has cancelled.
                if !settling.has_ended() {
                    failure::report(FailureKind::Lost, reason.into(), location);
                    if let Err(payload) = settling.drop_cleanup() {
                        failure::report_panic(FailureKind::CleanupPanicked, payload, location);
                    }
                }
                settling.adopted.take().pass_on();
            }
        }
    }
}

/// The drop of a caller drives its cleanup. Nobody receives the end.
impl<T, O: Owned> Drive for Settling<T, O> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.has_ended() {
            let cleaned = ready!(self.poll_cleanup(context));
            report_cleanup(cleaned, self.rules.texts.cleanup, self.rules.texts.location);
        }
        self.adopted.poll_end(context)
    }

    fn start_adopted(&mut self) {
        self.adopted.start();
    }
}

/// Awaits what the body adopted, then the cleanup, then what the cleanup adopted, and puts their ends together.
pub struct Settling<T, O: Owned> {
    /// Taken when the end is known, so a drop knows whether the caller leaves too early.
    settled: Option<Settled<T>>,
    /// Of the body until the cleanup starts, and then of the cleanup.
    adopted: Adopted,
    started: bool,
    /// The cleanup, or the panic of its evaluation. Neither once it has ended.
    cleanup: Result<O, Option<Payload>>,
    rules: Rules<T, O::Value>,
}

/// The one pinned part is in a box.
impl<T, O: Owned> Unpin for Settling<T, O> {}

impl<T, O: Owned> Settling<T, O> {
    #[inline]
    pub(crate) fn new(cleanup: Result<O, Payload>, exit: Exit<T>, rules: Rules<T, O::Value>) -> Self {
        let (settled, adopted) = exit.into_parts(&rules.texts);
        Self { settled: Some(settled), adopted, started: false, cleanup: cleanup.map_err(Some), rules }
    }

    const fn has_ended(&self) -> bool {
        matches!(self.cleanup, Err(None))
    }

    fn poll_cleanup(&mut self, context: &mut Context<'_>) -> Poll<Result<O::Value, Payload>> {
        if !self.started {
            ready!(self.adopted.poll_end(context));
            self.started = true;
        }
        let cleaned = match &mut self.cleanup {
            Ok(cleanup) => match self.adopted.polling(|| cleanup.poll(context)) {
                Ok(polled) => Ok(ready!(polled)),
                Err(payload) => Err(payload),
            },
            Err(payload) => match payload.take() {
                Some(payload) => return Poll::Ready(Err(payload)),
                None => panic!("`finally` polled after completion"),
            },
        };
        // The future of a cleanup goes before the result is delivered, and a panic on that way counts as its own.
        Poll::Ready(match self.drop_cleanup() {
            Ok(()) => cleaned,
            Err(payload) => {
                report_cleanup(cleaned, self.rules.texts.cleanup, self.rules.texts.location);
                Err(payload)
            }
        })
    }

    fn drop_cleanup(&mut self) -> Result<(), Payload> {
        let cleanup = mem::replace(&mut self.cleanup, Err(None));
        self.adopted.polling(|| drop(cleanup))
    }

    #[inline]
    fn hand_off(&mut self, detach: impl FnOnce(O) -> BoxFuture) {
        let location = self.rules.texts.location;
        let mut adopted = self.adopted.take();
        match mem::replace(&mut self.cleanup, Err(None)) {
            Ok(cleanup) if self.started => handoff::hand_off(adopted.take_key(), detach(cleanup), location),
            Ok(cleanup) => adopted.hand_off_before(detach(cleanup), location),
            Err(panicked) => {
                adopted.pass_on();
                if let Some(payload) = panicked {
                    failure::report_panic(FailureKind::CleanupPanicked, payload, location);
                }
            }
        }
    }
}

impl<T, O: Owned> Hold for Settling<T, O> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<T>> {
        if !self.has_ended() {
            let cleaned = ready!(self.poll_cleanup(context));
            let waits = !self.adopted.has_ended();
            let settled = self.settled.take();
            self.settled = settled.map(|settled| settled.with_cleanup(cleaned, &self.rules, waits));
        }
        ready!(self.adopted.poll_end(context));
        match self.settled.take() {
            Some(settled) => Poll::Ready(settled),
            None => panic!("`finally` polled after completion"),
        }
    }

    /// The cleanup goes on.
    #[inline]
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

    #[inline]
    fn abandon(self) {
        // Its drop does it.
    }
}

impl<T, O: Owned> Drop for Settling<T, O> {
    #[inline]
    fn drop(&mut self) {
        if let Some(left) = Pin::new(self).leave() {
            left.abandon();
        }
    }
}
