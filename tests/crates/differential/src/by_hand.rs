//! Control flow as values, for the programs without the macro. It shares no code with the macro.

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use futures::FutureExt as _;

use crate::{Checked, Narrow, Optional};

/// The payload of a panic.
pub type Payload = Box<dyn Any + Send>;

/// The end of the body of a block.
#[derive(Debug)]
pub enum Flow<T, R> {
    /// It ended with its value.
    Value(T),
    /// It left the function.
    Return(R),
    /// A `break` left it for this place, with a value if the place takes one.
    Break(usize, u8),
    /// A `continue` left it for the loop at this place.
    Continue(usize),
}

pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Payload> {
    catch_unwind(AssertUnwindSafe(run))
}

pub(crate) async fn caught_later<T>(future: impl Future<Output = T>) -> Result<T, Payload> {
    AssertUnwindSafe(future).catch_unwind().await
}

pub(crate) fn name_of_flow<T, R>(ended: &Result<Flow<T, R>, Payload>) -> &'static str {
    match ended {
        Ok(Flow::Value(_)) => "value",
        Ok(Flow::Return(_)) => "return",
        Ok(Flow::Break(..) | Flow::Continue(_)) => "jump",
        Err(_) => "panic",
    }
}

/// A value or a result that may be a failure, and may be replaced by one.
pub(crate) trait Fallible: Sized {
    fn is_failure(&self) -> bool {
        false
    }

    fn failed(_: &Narrow) -> Option<Self> {
        None
    }
}

impl Fallible for () {}
impl Fallible for u8 {}
impl Fallible for String {}
impl Fallible for Optional {}

impl Fallible for Checked {
    fn is_failure(&self) -> bool {
        self.is_err()
    }

    fn failed(error: &Narrow) -> Option<Self> {
        Some(Err(error.clone().into()))
    }
}

/// Returns the end after the cleanup. The first failure wins. That of the cleanup becomes the value if the value can hold it, and
/// the result of the function otherwise.
pub(crate) fn settled<T: Fallible, R: Fallible>(
    ended: Result<Flow<T, R>, Payload>,
    cleaned: Result<Result<(), Narrow>, Payload>,
) -> Flow<T, R> {
    let has_failed = match &ended {
        Ok(Flow::Value(value)) => value.is_failure(),
        Ok(Flow::Return(result)) => result.is_failure(),
        Ok(Flow::Break(..) | Flow::Continue(_)) => false,
        Err(_) => true,
    };
    match (ended, cleaned) {
        (Ok(_), Err(payload)) if !has_failed => resume_unwind(payload),
        (Ok(_), Ok(Err(error))) if !has_failed => match (T::failed(&error), R::failed(&error)) {
            (Some(value), _) => Flow::Value(value),
            (None, Some(result)) => Flow::Return(result),
            (None, None) => unreachable!("such a cleanup does not fail"),
        },
        (Ok(ended), _) => ended,
        (Err(payload), _) => resume_unwind(payload),
    }
}
