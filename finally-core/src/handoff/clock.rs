//! The time since a hand-off.

use core::time::Duration;
use std::time::Instant;

use super::HAS_THREADS;

/// An instant, on a target that has a clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(Option<Instant>);

impl Moment {
    #[inline]
    pub(super) fn now() -> Self {
        Self(if HAS_THREADS { Some(Instant::now()) } else { None })
    }

    /// Returns the time from this moment to a later one, and 0 if there is no clock.
    pub(super) fn until(self, later: Self) -> Duration {
        match (self.0, later.0) {
            (Some(earlier), Some(later)) => later.saturating_duration_since(earlier),
            _ => Duration::ZERO,
        }
    }
}
