//! Functions that are not async: the body is called, not polled.

use crate::{
    cleanup::CleanupValue,
    outcome::{Exit, Outcome},
    unwind::catch,
};

/// What the cleanup of a function that is not async may evaluate to.
#[diagnostic::on_unimplemented(
    message = "the cleanup of a function that is not async evaluates to `()` or to `Result<(), E>`, not to `{Self}`",
    label = "this evaluates to `{Self}`",
    note = "a future needs an `async fn` to be awaited in"
)]
pub trait SyncCleanup: CleanupValue {}

impl<V: CleanupValue> SyncCleanup for V {}

/// Calls a body and catches its panic.
pub(crate) fn call<T>(body: impl FnOnce() -> T) -> Exit<T> {
    Exit::new(match catch(body) {
        Ok(value) => Outcome::Returned(value),
        Err(payload) => Outcome::Panicked(payload),
    })
}
