//! The guard: cancellation resumes the function once more, in its finally section.

use core::{
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    settle::{Ending, Hold, deliver, raise_first},
    signal,
    unwind::catch,
};

pin_project! {
    /// Drives a coroutine that runs a body and then evaluates its cleanup, and settles the two.
    ///
    /// The suspended point of the coroutine is always a [`Body`](crate::body::Body) or an awaited cleanup of our own, so
    /// the signal is seen before any code of the user is polled.
    ///
    /// What the coroutine ends in is a parameter, and nothing here is looked up in the coroutine: inside a future the
    /// compiler forgets which lifetimes are the same, and then a closure in the coroutine can no longer be shown to end in
    /// anything (<https://github.com/rust-lang/rust/issues/110338>).
    #[project = GuardProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum Guard<C, E>
    where
        C: Future<Output = E>,
        E: Ending,
    {
        Running {
            #[pin]
            coroutine: C,
            entered: bool,
        },
        Settling {
            #[pin]
            held: E::Held,
        },
        Done,
    }

    impl<C, E> PinnedDrop for Guard<C, E>
    where
        C: Future<Output = E>,
        E: Ending,
    {
        fn drop(this: Pin<&mut Self>) {
            leave(this);
        }
    }
}

impl<C, E> Guard<C, E>
where
    C: Future<Output = E>,
    E: Ending,
{
    pub(crate) const fn new(coroutine: C) -> Self {
        Self::Running { coroutine, entered: false }
    }
}

impl<C, E> Future for Guard<C, E>
where
    C: Future<Output = E>,
    E: Ending,
{
    type Output = E::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        poll(self, context)
    }
}

/// A guard whatever its coroutine is. What drives it is compiled once for each ending, not once for each function.
trait AnyGuard<E: Ending> {
    fn stage(self: Pin<&mut Self>) -> Stage<'_, E>;

    /// Goes on to awaiting the cleanup, or to the end. Drops what was there before.
    fn proceed(self: Pin<&mut Self>, held: Option<E::Held>);
}

enum Stage<'a, E: Ending> {
    Running { coroutine: Pin<&'a mut dyn Future<Output = E>>, entered: &'a mut bool },
    Settling(Pin<&'a mut E::Held>),
    Done,
}

impl<C, E> AnyGuard<E> for Guard<C, E>
where
    C: Future<Output = E>,
    E: Ending,
{
    fn stage(self: Pin<&mut Self>) -> Stage<'_, E> {
        match self.project() {
            GuardProject::Running { coroutine, entered } => Stage::Running { coroutine, entered },
            GuardProject::Settling { held } => Stage::Settling(held),
            GuardProject::Done => Stage::Done,
        }
    }

    fn proceed(mut self: Pin<&mut Self>, held: Option<E::Held>) {
        self.set(match held {
            Some(held) => Self::Settling { held },
            None => Self::Done,
        });
    }
}

fn poll<E: Ending>(mut guard: Pin<&mut dyn AnyGuard<E>>, context: &mut Context<'_>) -> Poll<E::Output> {
    loop {
        let settled = match guard.as_mut().stage() {
            Stage::Running { coroutine, entered } => {
                // A coroutine that panics is done for: it must not be resumed by the drop.
                *entered = false;
                let Poll::Ready(ending) = signal::without(context, |context| coroutine.poll(context)) else {
                    *entered = true;
                    return Poll::Pending;
                };
                match ending.begin() {
                    Ok(settled) => settled,
                    Err(held) => {
                        guard.as_mut().proceed(Some(held));
                        continue;
                    }
                }
            }
            Stage::Settling(held) => ready!(signal::without(context, |context| held.poll(context))),
            Stage::Done => panic!("`finally` polled after completion"),
        };
        guard.proceed(None);
        return Poll::Ready(deliver(settled));
    }
}

/// What a drop does: resumes a coroutine that is under way.
fn leave<E: Ending>(mut guard: Pin<&mut dyn AnyGuard<E>>) {
    let Stage::Running { coroutine, entered } = guard.as_mut().stage() else { return };
    // Going on to the end below drops the coroutine, and comes here again.
    if !mem::replace(entered, false) {
        return;
    }
    let polled = catch(|| coroutine.poll(&mut signal::context()));
    // A coroutine that is still pending awaits its cleanup in place, which its drop ends or drives on.
    let dropped = catch(|| guard.proceed(None));
    let abandoned = match polled {
        Ok(Poll::Ready(ending)) => catch(|| ending.abandon()).err(),
        Ok(Poll::Pending) => None,
        Err(payload) => Some(payload),
    };
    raise_first([abandoned, dropped.err()], Location::caller());
}
