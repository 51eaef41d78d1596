//! The `tracing` span of a cleanup that is handed off, and the events of its life.
//!
//! A subscriber is user code that runs inside drops, so its panics are caught here (P4). It is called without a
//! lock held, and outside all finallys, so that nothing waits for cleanups that the subscriber hands off.

use core::panic::Location;

use tracing::Span;

use super::inside::outside;
use crate::engine::unwind::quietly;

/// The span that was current at the hand-off of a cleanup. `None` once the cleanup has ended.
#[derive(Default)]
pub(super) struct JobSpan(Option<Span>);

impl JobSpan {
    /// Captures the current span, and emits the hand-off event in it.
    pub(super) fn of_hand_off(location: &'static Location<'static>) -> Self {
        let mut span = None;
        call(|| {
            span = Some(Span::current());
            tracing::debug!(target: "finally", location = %location, "cleanup handed off");
        });
        Self(span)
    }

    /// Runs a closure inside the span. The closure must not unwind.
    pub(super) fn within<R>(&self, run: impl FnOnce() -> R) -> R {
        let (mut run, mut ended) = (Some(run), None);
        if let Some(span) = &self.0 {
            // The subscriber may panic before or after `run` is called. If it was not called here, it is called
            // below.
            quietly(|| span.in_scope(|| ended = run.take().map(|run| run())));
        }
        match (ended, run) {
            (Some(ended), _) => ended,
            (None, Some(run)) => run(),
            (None, None) => unreachable!("what was run has ended"),
        }
    }

    /// Emits the event of a cleanup's end.
    pub(super) fn end(self, location: &'static Location<'static>) {
        if let Some(span) = &self.0 {
            call(|| {
                span.in_scope(|| tracing::debug!(target: "finally", location = %location, "cleanup ended"));
            });
        }
    }
}

/// Drops the span through [`call`], because closing a span calls its subscriber.
impl Drop for JobSpan {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            call(|| drop(span));
        }
    }
}

fn call(subscriber: impl FnOnce()) {
    outside(|| quietly(subscriber));
}
