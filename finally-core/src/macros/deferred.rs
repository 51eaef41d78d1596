//! The cleanup of a function that is not async and tracks its caller.
//!
//! In a closure, `Location::caller()` is the closure's caller. So the body of such a function stays where it was written, and its
//! cleanup runs in a drop: nobody catches a panic of the body, and the result is not there to be looked at or changed.

use core::panic::Location;

use crate::{
    cleanup::Never,
    engine::unwind::{catch, is_panicking},
    failure::{self, FailureKind},
};

/// Defers a cleanup to the end of the function.
///
/// `here` returns the place of the attribute. The caller of this function is that of the user's function, which tracks it.
#[inline(always)]
pub fn deferred<H, V>(here: fn() -> &'static Location<'static>, cleanup: H) -> RunOnDrop<H, V>
where
    H: FnOnce(()) -> V,
    V: Nothing,
{
    RunOnDrop { cleanup: Some(cleanup), location: here() }
}

/// Returns the place where it is called.
#[track_caller]
pub const fn here() -> &'static Location<'static> {
    Location::caller()
}

/// The value of a cleanup that cannot fail.
#[diagnostic::on_unimplemented(
    message = "a function with `#[track_caller]` has no place for the value of its cleanup, which evaluates to `{Self}`",
    label = "this evaluates to `{Self}`",
    note = "its body stays where it is, so that it keeps its caller, and its cleanup cannot change the result: handle the error in the \
            cleanup, or remove `#[track_caller]`"
)]
pub trait Nothing {}

impl Nothing for () {}

impl Nothing for Never {}

/// Runs a cleanup when it is dropped.
pub struct RunOnDrop<H, V>
where
    H: FnOnce(()) -> V,
{
    cleanup: Option<H>,
    location: &'static Location<'static>,
}

impl<H, V> Drop for RunOnDrop<H, V>
where
    H: FnOnce(()) -> V,
{
    #[inline]
    fn drop(&mut self) {
        let Some(cleanup) = self.cleanup.take() else { return };
        if !is_panicking() {
            cleanup(());
        } else if let Err(payload) = catch(|| cleanup(())) {
            failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
        }
    }
}
