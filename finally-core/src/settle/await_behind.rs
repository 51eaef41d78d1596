//! A cleanup that is awaited behind the guard of its coroutine, in the place that the guard leaves.
//!
//! Where the macro sees that a cleanup is awaited, it awaits what the guard resolves to. A guard that had to hold that itself
//! would have to share its place between the two.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{Ending, Hold, Never, deliver};
use crate::guard::{Guard, State};

/// What a coroutine ends in. Abandoned, it is dropped, which hands its cleanup off.
pub struct Behind<H>(pub(crate) H);

impl<H: Hold> Ending for Behind<H> {
    type Output = Settlement<H>;
    type Held = Never<Settlement<H>>;
    type Guard<C: Future<Output = Self>> = Guard<C, Self>;

    #[inline(always)]
    fn guard<C: Future<Output = Self>>(coroutine: C) -> Self::Guard<C> {
        Guard { coroutine, state: State::New }
    }

    fn begin(self) -> Result<Settlement<H>, Self::Held> {
        Ok(Settlement { held: self.0 })
    }

    fn abandon(self) {}
}

pin_project! {
    /// What its guard resolves to: the cleanup, to be awaited.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Settlement<H> {
        #[pin]
        held: H,
    }
}

impl<H: Hold> Future for Settlement<H> {
    type Output = H::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<H::Output> {
        self.project().held.poll(context).map(deliver)
    }
}
