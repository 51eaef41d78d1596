//! One cleanup, with what a report of its failure needs.

use core::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    describe::Describe,
    failure::{self, FailureKind},
    unwind::{Payload, catch},
};

pin_project! {
    /// Detached it reports its failure by itself. Awaited it tells its end to the caller: a cleanup that blocks is in this
    /// from the start, because it may still have to be detached.
    pub struct Task<F>
    where
        F: Future,
    {
        #[pin]
        future: F,
        describe: Describe<F::Output>,
        location: &'static Location<'static>,
    }
}

impl<F: Future> Task<F> {
    pub(crate) const fn new(
        future: F,
        describe: Describe<F::Output>,
        location: &'static Location<'static>,
    ) -> Self {
        Self { future, describe, location }
    }

    /// For a caller that waits for it.
    pub(crate) fn poll_caught(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Payload>> {
        poll_caught(self.project().future, context)
    }
}

/// Runs the cleanup with nobody to tell.
impl<F: Future> Future for Task<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        poll_alone(this.future, *this.describe, this.location, context)
    }
}

/// Polls a cleanup whatever its future is.
pub(crate) fn poll_caught<V>(
    future: Pin<&mut dyn Future<Output = V>>,
    context: &mut Context<'_>,
) -> Poll<Result<V, Payload>> {
    match catch(|| future.poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(payload) => Poll::Ready(Err(payload)),
    }
}

fn poll_alone<V>(
    future: Pin<&mut dyn Future<Output = V>>,
    describe: Describe<V>,
    location: &'static Location<'static>,
    context: &mut Context<'_>,
) -> Poll<()> {
    match ready!(poll_caught(future, context)) {
        Ok(value) => {
            if let Some(text) = describe(&value) {
                failure::report(FailureKind::CleanupFailed, text, location);
            }
        }
        Err(payload) => failure::report_panic(FailureKind::CleanupPanicked, payload, location),
    }
    Poll::Ready(())
}
