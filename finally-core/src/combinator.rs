//! The form of a cleanup that needs none of the function's arguments: a future and a handler, no coroutine.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{body::Body, handoff::Adopted, outcome::Exit};

pin_project! {
    /// A body and what concludes it, in the shape that a [`Guard`](crate::guard::Guard) drives: the cancel signal ends
    /// the body, and the handler is called on every fate.
    pub struct Concluded<F, H> {
        #[pin]
        body: Body<F>,
        handler: Option<H>,
    }
}

impl<F: Future, H> Concluded<F, H> {
    pub(crate) const fn new(future: F, handler: H) -> Self {
        Self { body: Body::Running { future, adopted: Adopted::new() }, handler: Some(handler) }
    }

    /// The future, for as long as it runs.
    #[cfg(feature = "stream")]
    pub(crate) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut F>> {
        self.project().body.future()
    }
}

#[cfg(feature = "stream")]
impl<F, H> Concluded<F, H> {
    /// The future, to look at.
    pub(crate) const fn future_ref(&self) -> Option<&F> {
        self.body.future_ref()
    }
}

/// What follows a body: evaluates the cleanup, and puts it beside the exit.
pub trait Conclude<T> {
    type Ending;

    fn conclude(self, exit: Exit<T>) -> Self::Ending;
}

/// As an expansion writes it.
impl<T, H, E> Conclude<T> for H
where
    H: FnOnce(Exit<T>) -> E,
{
    type Ending = E;

    fn conclude(self, exit: Exit<T>) -> E {
        self(exit)
    }
}

impl<F, H> Future for Concluded<F, H>
where
    F: Future,
    H: Conclude<F::Output>,
{
    type Output = H::Ending;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<H::Ending> {
        let this = self.project();
        let exit = ready!(this.body.poll(context));
        let Some(handler) = this.handler.take() else {
            unreachable!("the body panics when it is polled after completion")
        };
        Poll::Ready(handler.conclude(exit))
    }
}
