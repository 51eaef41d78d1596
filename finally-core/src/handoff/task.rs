//! One cleanup, with what a report of its failure needs.

use core::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    describe::Describe,
    failure::{self, FailureKind},
    unwind::{Payload, catch},
};

pin_project! {
    /// Awaited inline it tells its end to the caller, and detached it reports its failure by itself: one allocation
    /// serves both, so that a cleanup can move at any time.
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

    /// Polls the cleanup for a caller that waits for it.
    pub(crate) fn poll_caught(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Payload>> {
        match catch(|| self.project().future.poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}

/// Runs the cleanup with nobody to tell.
impl<F: Future> Future for Task<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.as_mut().poll_caught(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(value)) => {
                if let Some(text) = (self.describe)(&value) {
                    failure::report(FailureKind::CleanupFailed, text, self.location);
                }
            }
            Poll::Ready(Err(payload)) => {
                failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
            }
        }
        Poll::Ready(())
    }
}
