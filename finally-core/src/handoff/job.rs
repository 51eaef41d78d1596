//! One cleanup whose caller has left.

use core::{
    mem,
    task::{Context, Poll, ready},
};

use super::{BoxFuture, adopted::GroupKey, register::Site, span::JobSpan};
use crate::{
    engine::unwind::catch,
    failure::{self, FailureKind},
};

pub(super) struct Job {
    /// `None` once it has ended.
    cleanup: Option<BoxFuture>,
    pub(super) location: Site,
    /// The span in which the cleanup is polled and dropped.
    span: JobSpan,
}

impl Job {
    #[inline(always)]
    pub(super) fn new(cleanup: BoxFuture, location: Site) -> Self {
        let span = JobSpan::of_hand_off(location);
        Self { cleanup: Some(cleanup), location, span }
    }

    /// Reports the cleanup as lost, and drops it.
    pub(super) fn lose(mut self, adopted: &mut GroupKey, reason: &str) {
        mem::take(&mut self.span).within(|| {
            super::report_lost(reason, self.location);
            self.drop_cleanup(adopted);
        });
    }

    /// Polls the cleanup, and drops it at its end. Cleanups that are handed off meanwhile are adopted under
    /// the key.
    #[inline(always)]
    pub(super) fn poll(&mut self, adopted: &mut GroupKey, context: &mut Context<'_>) -> Poll<()> {
        let span = mem::take(&mut self.span);
        let polled = span.within(|| self.poll_cleanup(adopted, context));
        if polled.is_pending() {
            self.span = span;
        } else {
            span.end(self.location);
        }
        polled
    }

    #[inline(always)]
    fn poll_cleanup(&mut self, adopted: &mut GroupKey, context: &mut Context<'_>) -> Poll<()> {
        let cleanup = &mut self.cleanup;
        // The steps of `polling`, spelled out, because the call is not inlined as well.
        let outer = adopted.enter();
        let polled = catch(|| {
            if let Some(cleanup) = cleanup {
                ready!(cleanup.as_mut().poll(context));
            }
            *cleanup = None;
            Poll::Ready(())
        });
        adopted.leave(outer);
        polled.unwrap_or_else(|payload| {
            failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
            self.drop_cleanup(adopted);
            Poll::Ready(())
        })
    }

    /// Drops the cleanup. A panic in the drop is reported.
    #[cold]
    fn drop_cleanup(&mut self, adopted: &mut GroupKey) {
        let cleanup = self.cleanup.take();
        if let Err(payload) = adopted.polling(|| drop(cleanup)) {
            failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
        }
    }
}
