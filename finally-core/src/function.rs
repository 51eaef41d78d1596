//! Functions that are not async: the body is called, not polled.

use crate::{
    cleanup::InPlace,
    outcome::{Exit, Outcome},
    unwind::catch,
};

/// How a cleanup has its value at once, which one that is awaited has not.
#[diagnostic::on_unimplemented(
    message = "a function that is not async cannot await its cleanup",
    label = "this evaluates to the future `{I}`",
    note = "make the function `async`, or the cleanup not"
)]
pub trait Immediate<I, V> {
    fn value(cleanup: I) -> V;
}

#[diagnostic::do_not_recommend]
impl<V> Immediate<V, V> for InPlace {
    fn value(cleanup: V) -> V {
        cleanup
    }
}

/// Calls a body and catches its panic.
pub(crate) fn call<T>(body: impl FnOnce() -> T) -> Exit<T> {
    Exit::new(match catch(body) {
        Ok(value) => Outcome::Returned(value),
        Err(payload) => Outcome::Panicked(payload),
    })
}
