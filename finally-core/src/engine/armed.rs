//! `armed = call`: a future that counts as polled from its construction on, so that a drop before the first poll cleans up too.
//!
//! That drop is the same as any other early one. A [`Combinator`](crate::engine::combinator::Combinator) drops its body and
//! calls the handler. A [`Driver`](crate::engine::driver::Driver) resumes its coroutine, which begins then and runs up to the
//! [`Body`](crate::engine::body::Body). The body sees the signal, and drops the user's block instead of polling it.

use core::{
    convert::Infallible,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

pub use crate::cleanup::Never;

/// A future that drives a body and its cleanup, before its first poll.
pub trait Arm: Sized {
    /// Makes a drop run the cleanup from now on, and not only after the first poll.
    fn arm(self) -> Self;
}

/// Makes the future of a function whose cleanup is armed by the call.
#[inline(always)]
pub fn armed<D>(driver: D) -> D::IntoFuture
where
    D: IntoFuture,
    D::IntoFuture: Arm,
{
    driver.into_future().arm()
}

pin_project! {
    /// The future of a function that never returns.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Diverging<F> {
        #[pin]
        future: F,
    }
}

/// Converts the output, which has no values, into the `!` that the function declares.
pub const fn diverging<F: Future<Output = Infallible>>(future: F) -> Diverging<F> {
    Diverging { future }
}

impl<F: Future<Output = Infallible>> Future for Diverging<F> {
    type Output = Never;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Never> {
        match ready!(self.project().future.poll(context)) {}
    }
}
