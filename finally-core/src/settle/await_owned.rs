//! A cleanup in a box of its own, so that it can go on elsewhere when its caller leaves.

use alloc::boxed::Box;
use core::{
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{Detach, Ending, FirstPoll, Hold, Rules, Settled, Texts, poll_cleanup, raise};
use crate::{
    body,
    cleanup::Awaited,
    describe::{self, Describe},
    failure::{self, FailureKind},
    guard::HoldingGuard,
    handoff::{self, Adopted, BoxFuture, Drive, GroupKey},
    outcome::{Exit, Outcome},
    report::{Reporting, report_cleanup},
    unwind::Payload,
};

/// A cleanup in its box, and what becomes of it when its caller leaves.
pub trait Owned: Future + Unpin + Sized {
    fn leave<T>(settling: &mut Settling<T, Self>);

    /// The caller has left before anybody has awaited the cleanup.
    fn abandon<T>(unsettled: Unsettled<T, Self>) {
        drop(unsettled.hold());
    }
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
    /// Polls the future alone.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<V>;

    fn detach(self: Pin<Box<Self>>, describe: Describe<V>, location: &'static Location<'static>)
    -> BoxFuture;
}

impl<F> AnyReporting<F::Output> for Reporting<F>
where
    F: Future + Send + 'static,
    F::Output: 'static,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.future().poll(context)
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

impl<V> Future for Detachable<V> {
    type Output = V;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<V> {
        self.0.as_mut().poll(context)
    }
}

impl<V> Owned for Detachable<V> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn leave<T>(settling: &mut Settling<T, Self>) {
        let Texts { cleanup: describe, location, .. } = settling.rules.texts;
        settling.hand_off(|cleanup| cleanup.0.detach(describe, location));
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn abandon<T>(unsettled: Unsettled<T, Self>) {
        // In parts, so that nothing is made of them in the common case.
        let Unsettled { cleanup, exit: Exit { outcome, drop_panic, adopted }, rules } = unsettled;
        let Rules { texts: Texts { body, cleanup: describe, location }, from_cleanup } = rules;
        match cleanup {
            Ok(cleanup) if matches!(outcome, Outcome::Cancelled) => {
                adopted.hand_off_before(cleanup.0.detach(describe, location), location);
                raise(drop_panic, location);
            }
            cleanup => {
                let exit = Exit { outcome, drop_panic, adopted };
                leave_held(cleanup, exit, (body, describe), location, from_cleanup);
            }
        }
    }
}

/// Leaves a cleanup as one that was awaited and not polled yet.
#[cold]
fn leave_held<T, O: Owned>(
    cleanup: Result<O, Payload>,
    exit: Exit<T>,
    (body, describe): (Describe<T>, Describe<O::Output>),
    location: &'static Location<'static>,
    from_cleanup: fn(O::Output) -> Option<T>,
) {
    let texts = Texts { body, cleanup: describe, location };
    drop(Settling::new(cleanup, exit, Rules { texts, from_cleanup }));
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

impl<F: Future> Future for Blocking<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.cleanup.as_mut().future().poll(context)
    }
}

impl<F: Future> Owned for Blocking<F> {
    fn leave<T>(settling: &mut Settling<T, Self>) {
        let mut blocked = handoff::block(settling);
        let (detach, is_started) = match &settling.stage {
            Stage::Waiting(cleanup) => (cleanup.detach, false),
            Stage::Panicked(_) => (None, false),
            Stage::Started(cleanup) => (cleanup.as_ref().and_then(|cleanup| cleanup.detach), true),
        };
        if blocked.is_err() && !is_started && detach.is_none() {
            // It waits for cleanups that wait for this very thread. Out of order is better than lost.
            settling.adopted.take().pass_on();
            blocked = handoff::block(settling);
        }
        match (blocked, detach) {
            (Ok(()), _) => {}
            (Err(_), Some(detach)) => settling.hand_off(|cleanup| detach(cleanup.cleanup)),
            (Err(reason), None) => {
                let location = settling.rules.texts.location;
                // It may have ended, and only wait for what it has cancelled.
                if !settling.has_ended() {
                    handoff::report_lost(reason, location);
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

/// A body that has ended and its cleanup, which nobody awaits yet.
pub struct Unsettled<T, O: Owned> {
    cleanup: Result<O, Payload>,
    exit: Exit<T>,
    rules: Rules<T, O::Output>,
}

impl<T, O: Owned> Unsettled<T, O> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn new(cleanup: Result<O, Payload>, exit: Exit<T>, rules: Rules<T, O::Output>) -> Self {
        Self { cleanup, exit, rules }
    }

    #[inline]
    pub(crate) fn hold(self) -> Settling<T, O> {
        Settling::new(self.cleanup, self.exit, self.rules)
    }
}

impl<T, O: Owned> Ending for Unsettled<T, O> {
    type Output = T;
    type Held = Settling<T, O>;
    type Guard<C: Future<Output = Self>> = HoldingGuard<C>;

    #[inline(always)]
    fn guard<C: Future<Output = Self>>(coroutine: C) -> Self::Guard<C> {
        HoldingGuard::new(coroutine)
    }

    /// Polls the cleanup where it stands. One that ends at once needs no place.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_first(self, context: &mut Context<'_>, hold: &mut dyn FnMut(Self::Held)) -> FirstPoll<T> {
        let Self { cleanup, exit, rules } = self;
        let value = match exit.into_value() {
            Ok(value) => value,
            Err(exit) => return hold_waiting(cleanup, exit, rules, hold),
        };
        let cleanup = match cleanup {
            Ok(cleanup) => cleanup,
            Err(payload) => {
                return hold_waiting(Err(payload), Exit::new(Outcome::Returned(value)), rules, hold);
            }
        };
        let (mut started, mut key) = (Some(cleanup), GroupKey::NONE);
        let Poll::Ready(exit) = body::run(Pin::new(&mut started), &mut key, context) else {
            return hold_started(Outcome::Returned(value), started, key, rules, hold);
        };
        let exit = match exit.into_value() {
            Ok(cleaned) if !describe::is_failure(rules.texts.cleanup, &cleaned) => {
                return FirstPoll::Ready(value);
            }
            Ok(cleaned) => Exit::new(Outcome::Returned(cleaned)),
            Err(exit) => exit,
        };
        hold_ended(Outcome::Returned(value), exit, rules, hold)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn abandon(self) {
        O::abandon(self);
    }
}

// Each is a function of its own, so that a first poll needs registers and stack for none of them.

/// Holds a cleanup that has not started.
#[cold]
fn hold_waiting<T, O: Owned>(
    cleanup: Result<O, Payload>,
    body: Exit<T>,
    rules: Rules<T, O::Output>,
    hold: &mut dyn FnMut(Settling<T, O>),
) -> FirstPoll<T> {
    hold(Settling::new(cleanup, body, rules));
    FirstPoll::Held
}

/// Holds one that is pending.
#[inline(never)]
fn hold_started<T, O: Owned>(
    body: Outcome<T>,
    cleanup: Option<O>,
    key: GroupKey,
    rules: Rules<T, O::Output>,
    hold: &mut dyn FnMut(Settling<T, O>),
) -> FirstPoll<T> {
    let (settled, stage) = (Some(Settled::of(body)), Stage::Started(cleanup));
    hold(Settling { settled, adopted: Adopted::new(key), stage, rules });
    FirstPoll::Pending
}

/// Holds one that has ended, to wait for what it adopted.
#[cold]
fn hold_ended<T, O: Owned>(
    body: Outcome<T>,
    cleanup: Exit<O::Output>,
    rules: Rules<T, O::Output>,
    hold: &mut dyn FnMut(Settling<T, O>),
) -> FirstPoll<T> {
    let (cleaned, adopted) = cleanup.into_cleaned(&rules.texts);
    let settled = Settled::of(body).with_cleanup(cleaned, &rules, !adopted.has_ended());
    hold(Settling { settled: Some(settled), adopted, stage: Stage::ENDED, rules });
    FirstPoll::Held
}

/// Awaits what the body adopted, then the cleanup, then what the cleanup adopted, and puts their ends together.
pub struct Settling<T, O: Owned> {
    /// Taken when the end is known, so a drop knows whether the caller leaves too early.
    settled: Option<Settled<T>>,
    /// Of the body until the cleanup starts, and then of the cleanup.
    adopted: Adopted,
    stage: Stage<O>,
    rules: Rules<T, O::Output>,
}

enum Stage<O> {
    /// For what the body adopted.
    Waiting(O),
    /// In its evaluation. This waits too.
    Panicked(Payload),
    /// Nothing once it has ended.
    Started(Option<O>),
}

impl<O> Stage<O> {
    const ENDED: Self = Self::Started(None);
}

/// The one pinned part is in a box.
impl<T, O: Owned> Unpin for Settling<T, O> {}

impl<T, O: Owned> Settling<T, O> {
    #[inline]
    pub(crate) fn new(cleanup: Result<O, Payload>, exit: Exit<T>, rules: Rules<T, O::Output>) -> Self {
        let (settled, adopted) = exit.into_parts(&rules.texts);
        let stage = cleanup.map_or_else(Stage::Panicked, Stage::Waiting);
        Self { settled: Some(settled), adopted, stage, rules }
    }

    const fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Started(None))
    }

    fn poll_cleanup(&mut self, context: &mut Context<'_>) -> Poll<Result<O::Output, Payload>> {
        if let Stage::Waiting(_) | Stage::Panicked(_) = self.stage {
            ready!(self.adopted.poll_end(context));
            match mem::replace(&mut self.stage, Stage::ENDED) {
                Stage::Waiting(cleanup) => self.stage = Stage::Started(Some(cleanup)),
                Stage::Panicked(payload) => return Poll::Ready(Err(payload)),
                Stage::Started(_) => {}
            }
        }
        let Stage::Started(started) = &mut self.stage else { unreachable!("the cleanup has started") };
        poll_cleanup(Pin::new(started), &mut self.adopted, &self.rules.texts, context)
    }

    fn drop_cleanup(&mut self) -> Result<(), Payload> {
        self.adopted.polling(|| self.stage = Stage::ENDED)
    }

    #[inline]
    fn hand_off(&mut self, detach: impl FnOnce(O) -> BoxFuture) {
        let location = self.rules.texts.location;
        let mut adopted = self.adopted.take();
        match mem::replace(&mut self.stage, Stage::ENDED) {
            Stage::Waiting(cleanup) => adopted.hand_off_before(detach(cleanup), location),
            Stage::Started(Some(cleanup)) => {
                handoff::hand_off(adopted.take_key(), detach(cleanup), location);
            }
            Stage::Panicked(payload) => {
                adopted.pass_on();
                failure::report_panic(FailureKind::CleanupPanicked, payload, location);
            }
            Stage::Started(None) => adopted.pass_on(),
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

impl<T, O: Owned> Drop for Settling<T, O> {
    #[inline]
    fn drop(&mut self) {
        if let Some(left) = Pin::new(self).leave() {
            left.abandon();
        }
    }
}
