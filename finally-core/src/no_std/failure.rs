//! Without `std` there is no place to keep a hook and no stderr to write to: a failure without a caller is dropped.

use alloc::string::String;
use core::panic::Location;

use crate::{engine::unwind::Payload, macros::describe::BoxedError};

pub(crate) enum FailureKind {
    CleanupFailed,
    CleanupPanicked,
    BodyFailed,
    BodyPanicked,
}

pub(crate) fn report_error(
    _: FailureKind,
    _: String,
    error: Option<BoxedError>,
    _: &'static Location<'static>,
) -> Option<BoxedError> {
    error
}

pub(crate) fn report_panic(_: FailureKind, payload: Payload, _: &'static Location<'static>) {
    payload.resume();
}
