//! How a body ended, with what it left behind.

use core::panic::Location;

use crate::{
    failure::{self, FailureKind},
    fate::Fate,
    handoff::{Adopted, GroupKey},
    unwind::Payload,
};

/// How a body ended, by value.
#[derive(Debug)]
pub enum Outcome<T> {
    Returned(T),
    Panicked(Payload),
    Cancelled,
}

/// A body that has ended: nothing it held is alive any more.
#[must_use = "the outcome goes to `settle`"]
pub struct Exit<T> {
    pub(crate) outcome: Outcome<T>,
    /// A panic out of the drop of what the body held.
    pub(crate) drop_panic: Option<Payload>,
    /// The cleanups that were handed off inside the body, which end before its own cleanup starts.
    pub(crate) adopted: Adopted,
}

impl<T> Exit<T> {
    /// Of a body that has nothing to run.
    pub(crate) const fn new(outcome: Outcome<T>) -> Self {
        Self::of_body(outcome, GroupKey::NONE)
    }

    /// Of a body that has run, and is still to be dropped.
    pub(crate) const fn of_body(outcome: Outcome<T>, adopted: GroupKey) -> Self {
        Self { outcome, drop_panic: None, adopted: Adopted::new(adopted) }
    }

    /// Changes the value that a body returned.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Exit<U> {
        let outcome = match self.outcome {
            Outcome::Returned(value) => Outcome::Returned(change(value)),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
            Outcome::Cancelled => Outcome::Cancelled,
        };
        Exit { outcome, drop_panic: self.drop_panic, adopted: self.adopted }
    }

    pub(crate) fn fate(&self) -> Fate<'_, T> {
        match (&self.outcome, &self.drop_panic) {
            (Outcome::Returned(_), Some(payload)) | (Outcome::Panicked(payload), _) => {
                Fate::Panicked(payload.as_any())
            }
            (Outcome::Returned(value), None) => Fate::Returned(value),
            (Outcome::Cancelled, _) => Fate::Cancelled,
        }
    }

    pub(crate) fn add_drop_panic(
        &mut self,
        dropped: Result<(), Payload>,
        location: &'static Location<'static>,
    ) {
        add_drop_panic(&mut self.drop_panic, dropped, location);
    }

    /// Whether the body was cancelled, which is where `on_cancel = skip` asks.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.outcome, Outcome::Cancelled)
    }
}

/// Puts a panic, if there was one, beside the first. There is room for one, so the next is reported.
pub(crate) fn add_drop_panic(
    first: &mut Option<Payload>,
    dropped: Result<(), Payload>,
    location: &'static Location<'static>,
) {
    let Err(payload) = dropped else { return };
    if first.is_none() {
        *first = Some(payload);
    } else {
        failure::report_panic(FailureKind::BodyPanicked, payload, location);
    }
}
