//! How a body ended, with the cleanups that it adopted.

use core::panic::Location;

use crate::{
    engine::unwind::Payload,
    failure::{self, FailureKind},
    fate::Fate,
    handoff::{Adopted, GroupKey},
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
    /// A panic out of the drop of the body.
    pub(crate) drop_panic: Option<Payload>,
    /// The cleanups that were handed off inside the body, which end before its own cleanup starts.
    pub(crate) adopted: Adopted,
}

impl<T> Exit<T> {
    /// Makes the exit of a body that adopted no cleanups, and whose drop did not panic.
    pub(crate) const fn new(outcome: Outcome<T>) -> Self {
        Self { outcome, drop_panic: None, adopted: Adopted::new(GroupKey::NONE) }
    }

    /// Returns the value of a body that returned, if it adopted nothing and its drop did not panic. Returns the exit otherwise.
    #[cfg(feature = "std")]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn into_value(self) -> Result<T, Self> {
        match (self.outcome, self.drop_panic, self.adopted.into_nothing()) {
            (Outcome::Returned(value), None, Ok(())) => Ok(value),
            (outcome, drop_panic, adopted) => {
                let adopted = adopted.err().unwrap_or(Adopted::new(GroupKey::NONE));
                Err(Self { outcome, drop_panic, adopted })
            }
        }
    }

    /// Changes the value that a body returned.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Exit<U> {
        let outcome = match self.outcome {
            Outcome::Returned(value) => Outcome::Returned(change(value)),
            Outcome::Panicked(payload) => Outcome::Panicked(payload),
            Outcome::Cancelled => Outcome::Cancelled,
        };
        Exit { outcome, drop_panic: self.drop_panic, adopted: self.adopted }
    }

    /// Evaluates the cleanup of this body, with its fate. The body adopts the cleanups that are handed off meanwhile.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn evaluating<R>(self, evaluate: impl FnOnce(Fate<'_, T>) -> R) -> (Self, Result<R, Payload>) {
        // The exit is taken apart, so that no part is assigned over another one that would have to be dropped.
        let Self { outcome, drop_panic, adopted } = self;
        let fate = match (&outcome, &drop_panic) {
            (Outcome::Returned(_), Some(payload)) => Fate::Panicked(payload.as_any()),
            (Outcome::Panicked(payload), _) => Fate::Panicked(payload.as_any()),
            (Outcome::Returned(value), None) => Fate::Returned(value),
            (Outcome::Cancelled, _) => Fate::Cancelled,
        };
        let (adopted, evaluated) = adopted.evaluating(|| evaluate(fate));
        (Self { outcome, drop_panic, adopted }, evaluated)
    }

    /// Returns the exit of a cancelled body whose output is of another type.
    pub(crate) fn cancelled<U>(self) -> Exit<U> {
        Exit { outcome: Outcome::Cancelled, drop_panic: self.drop_panic, adopted: self.adopted }
    }

    pub(crate) const fn is_cancelled(&self) -> bool {
        matches!(self.outcome, Outcome::Cancelled)
    }

    /// Adds a panic of a drop. There is room for one, so the next is reported.
    pub(crate) fn add_drop_panic(
        &mut self,
        dropped: Result<(), Payload>,
        location: &'static Location<'static>,
    ) {
        let Err(payload) = dropped else { return };
        if self.drop_panic.is_none() {
            self.drop_panic = Some(payload);
        } else {
            failure::report_panic(FailureKind::BodyPanicked, payload, location);
        }
    }
}
