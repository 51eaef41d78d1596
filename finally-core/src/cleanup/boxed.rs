//! A cleanup in a box of its own, so that it can go on elsewhere when its caller leaves.

use core::{
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::{
    engine::{
        body,
        driver::HoldingDriver,
        ending::{Ending, FirstPoll, Hold, PollEnding, poll_cleanup},
        exit::{Exit, Outcome},
        unwind::{Payload, polled_after_completion},
        verdict::{Rules, Texts, Verdict},
    },
    failure::{self, FailureKind},
    handoff::{self, Adopted, BlockedOn, BoxFuture, GroupKey},
    macros::describe::{self, Describe},
    report::report_cleanup,
};

/// A cleanup in its box. Decides what happens to it when its caller leaves.
pub trait InBox: Future + Unpin + Sized {
    fn leave<T>(ending: &mut BoxedEnding<T, Self>);

    /// Ends without a caller, before the cleanup was awaited.
    fn abandon<T>(unawaited: Unawaited<T, Self>) {
        drop(unawaited.hold());
    }
}

/// Leaves a cleanup that has not been polled yet.
#[cold]
pub(super) fn leave_held<T, O: InBox>(
    cleanup: Result<O, Payload>,
    exit: Exit<T>,
    (body, describe): (Describe<T>, Describe<O::Output>),
    location: &'static Location<'static>,
    from_cleanup: fn(O::Output) -> Option<T>,
) {
    let texts = Texts { body, cleanup: describe, location };
    drop(BoxedEnding::new(cleanup, exit, Rules { texts, from_cleanup }));
}

/// Drives the cleanup inside the drop of its caller. A failure is reported, because nobody receives it.
impl<T, O: InBox> BlockedOn for BoxedEnding<T, O> {
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
pub struct Unawaited<T, O: InBox> {
    pub(super) cleanup: Result<O, Payload>,
    pub(super) exit: Exit<T>,
    pub(super) rules: Rules<T, O::Output>,
}

impl<T, O: InBox> Unawaited<T, O> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn new(cleanup: Result<O, Payload>, exit: Exit<T>, rules: Rules<T, O::Output>) -> Self {
        Self { cleanup, exit, rules }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn hold(self) -> BoxedEnding<T, O> {
        BoxedEnding::new(self.cleanup, self.exit, self.rules)
    }
}

impl<T, O: InBox> Ending for Unawaited<T, O> {
    type Output = T;
    type Held = BoxedEnding<T, O>;
    type Driver<C: Future<Output = Self>> = HoldingDriver<C>;

    #[inline(always)]
    fn driver<C: Future<Output = Self>>(coroutine: C) -> Self::Driver<C> {
        HoldingDriver::new(coroutine)
    }

    /// Polls the cleanup before it is stored. A cleanup that ends at once is never stored.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_first<P: Hold<Self::Held> + ?Sized>(
        self,
        context: &mut Context<'_>,
        place: Pin<&mut P>,
    ) -> FirstPoll<T> {
        let Self { cleanup, exit, rules } = self;
        let value = match exit.into_value() {
            Ok(value) => value,
            Err(exit) => return hold_waiting(cleanup, exit, rules, place),
        };
        let cleanup = match cleanup {
            Ok(cleanup) => cleanup,
            Err(payload) => {
                return hold_waiting(Err(payload), Exit::new(Outcome::Returned(value)), rules, place);
            }
        };
        let (mut started, mut key) = (Some(cleanup), GroupKey::NONE);
        let Poll::Ready(exit) = body::run(Pin::new(&mut started), &mut key, context) else {
            return hold_started(Outcome::Returned(value), started, key, rules, place);
        };
        let exit = match exit.into_value() {
            Ok(cleaned) if !describe::is_failure(rules.texts.cleanup, &cleaned) => {
                return FirstPoll::Ready(value);
            }
            Ok(cleaned) => Exit::new(Outcome::Returned(cleaned)),
            Err(exit) => exit,
        };
        hold_ended(Outcome::Returned(value), exit, rules, place)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn abandon(self) {
        O::abandon(self);
    }
}

// Each is a function of its own, so that a first poll needs registers and stack for none of them.

/// Holds a cleanup that has not started.
#[cold]
fn hold_waiting<T, O: InBox, P: Hold<BoxedEnding<T, O>> + ?Sized>(
    cleanup: Result<O, Payload>,
    body: Exit<T>,
    rules: Rules<T, O::Output>,
    place: Pin<&mut P>,
) -> FirstPoll<T> {
    place.hold(BoxedEnding::new(cleanup, body, rules));
    FirstPoll::Held
}

/// Holds a cleanup that is pending.
#[inline(never)]
fn hold_started<T, O: InBox, P: Hold<BoxedEnding<T, O>> + ?Sized>(
    body: Outcome<T>,
    cleanup: Option<O>,
    key: GroupKey,
    rules: Rules<T, O::Output>,
    place: Pin<&mut P>,
) -> FirstPoll<T> {
    let (verdict, stage) = (Some(Verdict::of(body)), Stage::Started(cleanup));
    place.hold(BoxedEnding { verdict, adopted: Adopted::new(key), stage, rules });
    FirstPoll::Pending
}

/// Holds a cleanup that has ended, to wait for the cleanups that it adopted.
#[cold]
fn hold_ended<T, O: InBox, P: Hold<BoxedEnding<T, O>> + ?Sized>(
    body: Outcome<T>,
    cleanup: Exit<O::Output>,
    rules: Rules<T, O::Output>,
    place: Pin<&mut P>,
) -> FirstPoll<T> {
    let (cleaned, adopted) = cleanup.into_cleaned(&rules.texts);
    let verdict = Verdict::of(body).with_cleanup(cleaned, &rules, !adopted.has_ended());
    place.hold(BoxedEnding { verdict: Some(verdict), adopted, stage: Stage::ENDED, rules });
    FirstPoll::Held
}

/// Awaits the cleanups that the body adopted, then its own cleanup, then the ones that this adopted. Ends in a verdict.
pub struct BoxedEnding<T, O: InBox> {
    /// Taken when the end is known, so a drop knows whether the caller leaves too early.
    verdict: Option<Verdict<T>>,
    /// The cleanups adopted by the body until the cleanup starts, and by the cleanup after that.
    pub(super) adopted: Adopted,
    pub(super) stage: Stage<O>,
    pub(super) rules: Rules<T, O::Output>,
}

pub(super) enum Stage<O> {
    /// Waits for the cleanups that the body adopted.
    Waiting(O),
    /// The evaluation panicked. The panic waits for the same cleanups.
    Panicked(Payload),
    /// Has started. `None` once it has ended.
    Started(Option<O>),
}

impl<O> Stage<O> {
    const ENDED: Self = Self::Started(None);
}

/// The one pinned part is in a box.
impl<T, O: InBox> Unpin for BoxedEnding<T, O> {}

impl<T, O: InBox> BoxedEnding<T, O> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(cleanup: Result<O, Payload>, exit: Exit<T>, rules: Rules<T, O::Output>) -> Self {
        let (verdict, adopted) = exit.into_parts(&rules.texts);
        let stage = cleanup.map_or_else(Stage::Panicked, Stage::Waiting);
        Self { verdict: Some(verdict), adopted, stage, rules }
    }

    pub(super) const fn has_ended(&self) -> bool {
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

    pub(super) fn drop_cleanup(&mut self) -> Result<(), Payload> {
        self.adopted.polling(|| self.stage = Stage::ENDED)
    }

    #[inline]
    pub(super) fn hand_off(&mut self, detach: impl FnOnce(O) -> BoxFuture) {
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

impl<T, O: InBox> PollEnding for BoxedEnding<T, O> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict<T>> {
        if !self.has_ended() {
            let cleaned = ready!(self.poll_cleanup(context));
            let waits = !self.adopted.has_ended();
            let verdict = self.verdict.take();
            self.verdict = verdict.map(|verdict| verdict.with_cleanup(cleaned, &self.rules, waits));
        }
        ready!(self.adopted.poll_end(context));
        match self.verdict.take() {
            Some(verdict) => Poll::Ready(verdict),
            None => polled_after_completion(),
        }
    }

    /// Lets the cleanup go on without its caller.
    #[inline]
    fn leave(mut self: Pin<&mut Self>) -> Option<Verdict<T>> {
        let verdict = self.verdict.take()?;
        O::leave(&mut self);
        Some(verdict.left(&self.rules.texts))
    }

    fn location(&self) -> &'static Location<'static> {
        self.rules.texts.location
    }
}

impl<T, O: InBox> Drop for BoxedEnding<T, O> {
    #[inline]
    fn drop(&mut self) {
        if let Some(left) = Pin::new(self).leave() {
            left.abandon();
        }
    }
}
