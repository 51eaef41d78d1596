//! The span of a cleanup that is handed off, and the events of its life, for `tracing`.
//!
//! A subscriber is code of a user, and it runs inside drops: its panics are caught here (P4). It is called without a lock and
//! outside of all finallys, so that nothing waits for what it hands off itself.

use core::panic::Location;

use tracing::Span;

use super::inside::outside;
use crate::engine::unwind::quietly;

/// The span that was current where a cleanup was handed off. Nothing once the cleanup has ended.
#[derive(Default)]
pub(super) struct JobSpan(Option<Span>);

impl JobSpan {
    /// Keeps the current span, and emits the event of a hand-off in it.
    pub(super) fn of_hand_off(location: &'static Location<'static>) -> Self {
        let mut span = None;
        call(|| {
            span = Some(Span::current());
            tracing::debug!(target: "finally", location = %location, "cleanup handed off");
        });
        Self(span)
    }

    /// Runs something inside of the span. It must not unwind.
    pub(super) fn within<R>(&self, run: impl FnOnce() -> R) -> R {
        let (mut run, mut ended) = (Some(run), None);
        if let Some(span) = &self.0 {
            // It is run in any case: a subscriber may panic before and after.
            quietly(|| span.in_scope(|| ended = run.take().map(|run| run())));
        }
        match (ended, run) {
            (Some(ended), _) => ended,
            (None, Some(run)) => run(),
            (None, None) => unreachable!("what was run has ended"),
        }
    }

    /// Emits the event of an end.
    pub(super) fn end(self, location: &'static Location<'static>) {
        if let Some(span) = &self.0 {
            call(|| {
                span.in_scope(|| tracing::debug!(target: "finally", location = %location, "cleanup ended"));
            });
        }
    }
}

/// A span that is closed calls its subscriber.
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
