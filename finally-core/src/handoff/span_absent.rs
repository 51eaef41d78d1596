//! A stub of `span` without the feature `tracing`.

use core::panic::Location;

#[derive(Default)]
pub(super) struct JobSpan;

impl JobSpan {
    #[inline(always)]
    pub(super) const fn of_hand_off(_: &'static Location<'static>) -> Self {
        Self
    }

    #[inline(always)]
    pub(super) fn within<R>(&self, run: impl FnOnce() -> R) -> R {
        run()
    }

    #[inline(always)]
    pub(super) const fn end(self, _: &'static Location<'static>) {}
}
