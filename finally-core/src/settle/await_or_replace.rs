//! A cleanup that is awaited where it stands, and that another one replaces when its caller leaves: `on_cancel = (..)`.
//!
//! A coroutine may lend its arguments to the one and give them to the other. So it does not hold both: it awaits the first, and
//! evaluates the other after the first is gone.

use core::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{Ending, FirstPoll, Hold, Never, Settled, Skipping, await_inline::Interrupted, deliver};
use crate::{
    exclusive::Exclusive,
    guard::HoldingGuard,
    handler::Concludes,
    handoff::Adopted,
    outcome::{Exit, Outcome},
    signal,
};

pin_project! {
    /// Awaits a cleanup inside the coroutine. Resolves to the end of the two, or to a cancelled exit if the replacement is to be
    /// evaluated.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Interruptible<T, F>
    where
        F: Future,
    {
        #[pin]
        cleanup: Exclusive<Skipping<T, F>>,
    }
}

impl<T, F: Future> Interruptible<T, F> {
    pub(crate) const fn new(cleanup: Skipping<T, F>) -> Self {
        Self { cleanup: Exclusive::new(cleanup) }
    }
}

impl<T, F: Future> Future for Interruptible<T, F> {
    type Output = Result<Settled<T>, Exit<T>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let cleanup = self.project().cleanup.get();
        if !signal::is_cancel(context) {
            return Hold::poll(cleanup, context).map(|settled| Ok(settled.or_panic()));
        }
        match cleanup.interrupt() {
            Some(Interrupted { left, adopted, has_ended: true }) => {
                adopted.pass_on();
                Poll::Ready(Ok(left))
            }
            Some(Interrupted { left, adopted, has_ended: false }) => {
                Poll::Ready(Err(left.into_exit(adopted)))
            }
            None => panic!("`finally` polled after completion"),
        }
    }
}

/// How a coroutine ends whose cleanup may be replaced.
pub enum Replaced<T, E> {
    /// It was not.
    No(Settled<T>),
    /// The end of a replacement, which nobody awaits: the caller has left.
    By(E),
}

impl<T, E: Ending> Ending for Replaced<T, E> {
    type Output = T;
    type Held = Never<T>;
    type Guard<C: Future<Output = Self>> = HoldingGuard<C>;

    #[inline(always)]
    fn guard<C: Future<Output = Self>>(coroutine: C) -> Self::Guard<C> {
        HoldingGuard::new(coroutine)
    }

    fn poll_first(self, _: &mut Context<'_>, _: &mut dyn FnMut(Never<T>)) -> FirstPoll<T> {
        match self {
            Self::No(settled) => FirstPoll::Ready(deliver(settled)),
            Self::By(_) => unreachable!("a cleanup is replaced if the caller has left"),
        }
    }

    fn abandon(self) {
        match self {
            Self::No(settled) => settled.abandon(),
            Self::By(ending) => ending.abandon(),
        }
    }
}

/// What takes the place of a cleanup, as a value.
#[derive(Debug)]
pub struct Replacement<R> {
    handler: R,
    // A function in place of a bound, which the drop of the future would need.
    hand_off: fn(R, Adopted, &'static Location<'static>),
}

impl<R> Replacement<R> {
    /// Makes one of a handler.
    pub(crate) const fn new<T, M: Concludes<T, R>>(handler: R) -> Self {
        Self {
            handler,
            hand_off: |handler, adopted, location| {
                M::conclude(handler, cancelled(adopted), location).abandon();
            },
        }
    }

    /// Makes one of a function that evaluates a cleanup and settles it.
    pub(crate) const fn of<T, E: Ending>(handler: R) -> Self
    where
        R: FnOnce(Exit<T>) -> E,
    {
        Self { handler, hand_off: |handler, adopted, _| handler(cancelled(adopted)).abandon() }
    }
}

const fn cancelled<T>(adopted: Adopted) -> Exit<T> {
    Exit { outcome: Outcome::Cancelled, drop_panic: None, adopted }
}

pin_project! {
    /// Awaits a cleanup. If that is dropped before its end, evaluates the replacement.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Replacing<T, F, R>
    where
        F: Future,
    {
        #[pin]
        cleanup: Skipping<T, F>,
        replacement: Option<Replacement<R>>,
    }

    impl<T, F, R> PinnedDrop for Replacing<T, F, R>
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

impl<T, F, R> Replacing<T, F, R>
where
    F: Future,
{
    pub(crate) const fn new(cleanup: Skipping<T, F>, replacement: Option<Replacement<R>>) -> Self {
        Self { cleanup, replacement }
    }
}

/// Held by a guard.
impl<T, F, R> Hold for Replacing<T, F, R>
where
    F: Future,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<T>> {
        Hold::poll(self.project().cleanup, context)
    }

    fn leave(self: Pin<&mut Self>) -> Option<Settled<T>> {
        let mut this = self.project();
        let Interrupted { left, adopted, has_ended } = this.cleanup.as_mut().interrupt()?;
        match this.replacement.take() {
            Some(Replacement { handler, hand_off }) if !has_ended => {
                hand_off(handler, adopted, this.cleanup.location());
            }
            _ => adopted.pass_on(),
        }
        Some(left)
    }
}
