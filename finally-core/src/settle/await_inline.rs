//! A cleanup that is awaited where it stands and goes no further than its caller: `on_cancel = skip`, and with something after it,
//! `on_cancel = (..)`.

use core::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{Ending as _, Hold, Rules, Settled, poll_cleanup};
use crate::{
    failure::{self, FailureKind},
    handoff::Adopted,
    outcome::Exit,
    unwind::Payload,
};

pin_project! {
    /// Awaits what the body adopted, then the cleanup, then what the cleanup adopted, and puts their ends together. Dropped
    /// half-way, the cleanup ends there.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Skipping<T, F>
    where
        F: Future,
    {
        settled: Option<Settled<T>>,
        // Of the body until the cleanup starts, and then of the cleanup.
        adopted: Adopted,
        started: bool,
        #[pin]
        cleanup: Option<F>,
        build_panic: Option<Payload>,
        rules: Rules<T, F::Output>,
    }

    impl<T, F> PinnedDrop for Skipping<T, F>
    where
        F: Future,
    {
        fn drop(this: Pin<&mut Self>) {
            if let Some(left) = this.leave() {
                left.abandon();
            }
        }
    }
}

impl<T, F> Skipping<T, F>
where
    F: Future,
{
    /// Of a body and its cleanup, if there is one.
    pub(crate) fn new(built: Result<Option<F>, Payload>, exit: Exit<T>, rules: Rules<T, F::Output>) -> Self {
        let (settled, adopted) = exit.into_parts(&rules.texts);
        let (cleanup, build_panic) = match built {
            Ok(cleanup) => (cleanup, None),
            Err(payload) => (None, Some(payload)),
        };
        Self { settled: Some(settled), adopted, started: false, cleanup, build_panic, rules }
    }

    /// Ends the cleanup where it is, because the caller has left. Returns nothing if the caller has the result.
    pub(super) fn interrupt(self: Pin<&mut Self>) -> Option<Interrupted<T>> {
        let mut this = self.project();
        let texts = &this.rules.texts;
        let mut left = this.settled.take()?.left(texts);
        // A body that was cancelled may have no cleanup, which has not ended then.
        let mut has_ended = *this.started && this.cleanup.is_none();
        if let Some(payload) = this.build_panic.take() {
            failure::report_panic(FailureKind::CleanupPanicked, payload, texts.location);
            has_ended = true;
        }
        let (adopted, dropped) = this.adopted.take().dropping(|| this.cleanup.set(None));
        left.add_drop_panic(dropped, texts.location);
        Some(Interrupted { left, adopted, has_ended })
    }

    pub(super) const fn location(&self) -> &'static Location<'static> {
        self.rules.texts.location
    }
}

/// What remains of a body and its cleanup whose caller has left.
pub(super) struct Interrupted<T> {
    /// A panic out of a drop, if there was one.
    pub(super) left: Settled<T>,
    /// What the two have cancelled, and what has not ended of it.
    pub(super) adopted: Adopted,
    /// Whether the cleanup has ended by itself.
    pub(super) has_ended: bool,
}

/// Held by a guard.
impl<T, F> Hold for Skipping<T, F>
where
    F: Future,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<T>> {
        let mut this = self.project();
        if !*this.started {
            ready!(this.adopted.poll_end(context));
            *this.started = true;
        }
        let cleaned = if this.cleanup.is_some() {
            Some(ready!(poll_cleanup(this.cleanup.as_mut(), this.adopted, &this.rules.texts, context)))
        } else {
            this.build_panic.take().map(Err)
        };
        if let Some(cleaned) = cleaned {
            let waits = !this.adopted.has_ended();
            *this.settled =
                this.settled.take().map(|settled| settled.with_cleanup(cleaned, this.rules, waits));
        }
        ready!(this.adopted.poll_end(context));
        match this.settled.take() {
            Some(settled) => Poll::Ready(settled),
            None => panic!("`finally` polled after completion"),
        }
    }

    /// The cleanup ends where it is.
    fn leave(self: Pin<&mut Self>) -> Option<Settled<T>> {
        let Interrupted { left, adopted, .. } = self.interrupt()?;
        adopted.pass_on();
        Some(left)
    }
}
