//! A cleanup that is awaited where it stands and goes no further than its caller: `on_cancel = skip`.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{Ending as _, Hold, Rules, Settled, poll_cleanup};
use crate::{
    failure::{self, FailureKind},
    handoff::Adopted,
    outcome::Exit,
    unwind::{Payload, catch},
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
        let mut this = self.project();
        let mut left = this.settled.take()?.left(&this.rules.texts);
        this.adopted.take().pass_on();
        if let Some(payload) = this.build_panic.take() {
            failure::report_panic(FailureKind::CleanupPanicked, payload, this.rules.texts.location);
        }
        left.add_drop_panic(catch(|| this.cleanup.set(None)), this.rules.texts.location);
        Some(left)
    }
}
