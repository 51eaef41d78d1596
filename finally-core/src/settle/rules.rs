//! Who gets which failure.

use alloc::{boxed::Box, string::String};
use core::{future::Future, panic::Location};

use super::Ending;
use crate::{
    cleanup::{Accepts, CleanupValue},
    describe::{self, Describe},
    failure::{self, FailureKind},
    guard::{Guard, State},
    handoff::Adopted,
    outcome::{Exit, Outcome, add_drop_panic},
    report::{drop_reported, report_cleanup, report_end, text_of_cleanup},
    unwind::{Payload, catch, is_panicking},
};

/// What a report needs: the texts of the body's and of the cleanup's failure, and where the `finally` stands.
pub struct Texts<T, V> {
    pub(crate) body: Describe<T>,
    pub(crate) cleanup: Describe<V>,
    pub(crate) location: &'static Location<'static>,
}

impl<T, V> Clone for Texts<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Texts<T, V> {}

/// What putting a cleanup's end beside a body's needs to know of their types. Functions in place of bounds: a type that is
/// bounded by them would repeat an error about them wherever it is named.
pub struct Rules<T, V> {
    pub(crate) texts: Texts<T, V>,
    is_failure: fn(&V) -> bool,
    from_cleanup: fn(V) -> Option<T>,
}

impl<T, V> Rules<T, V>
where
    V: CleanupValue,
    T: Accepts<V>,
{
    pub(crate) fn new(texts: Texts<T, V>) -> Self {
        Self { texts, is_failure: V::is_failure, from_cleanup: T::from_cleanup }
    }
}

impl<T, V> Clone for Rules<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Rules<T, V> {}

/// An outcome that waits for no cleanup, as a coroutine hands it to its guard.
#[must_use = "the outcome goes to the caller"]
pub struct Settled<T> {
    pub(crate) outcome: Outcome<T>,
    /// A panic out of the drop of a cancelled body, for whoever dropped it.
    drop_panic: Option<Payload>,
    /// The text of the cleanup's failure, if that is the outcome and still waits to be delivered. Nothing else could say it
    /// later: the failure has become a value of the body's type.
    #[allow(clippy::box_collection, reason = "eight bytes of every future for what is nearly never there")]
    of_cleanup: Option<Box<String>>,
    location: &'static Location<'static>,
}

impl<T> Settled<T> {
    /// Turns a panic out of the drop of a body that ended by itself into what `body.await` would make of it.
    #[inline]
    fn new<V>(outcome: Outcome<T>, drop_panic: Option<Payload>, texts: &Texts<T, V>) -> Self {
        let (outcome, drop_panic) = match (outcome, drop_panic) {
            (Outcome::Returned(value), Some(payload)) => {
                let kinds = (FailureKind::BodyFailed, FailureKind::BodyPanicked);
                report_end(Ok(value), texts.body, texts.location, kinds);
                (Outcome::Panicked(payload), None)
            }
            (Outcome::Panicked(first), Some(second)) => {
                failure::report_panic(FailureKind::BodyPanicked, second, texts.location);
                (Outcome::Panicked(first), None)
            }
            ended => ended,
        };
        Self { outcome, drop_panic, of_cleanup: None, location: texts.location }
    }

    /// Puts the cleanup's end beside the body's. `waits` says that the caller does not receive it at once.
    pub(crate) fn with_cleanup<V>(
        self,
        cleaned: Result<V, Payload>,
        rules: &Rules<T, V>,
        waits: bool,
    ) -> Self {
        let texts = &rules.texts;
        let Self { outcome, drop_panic, mut of_cleanup, location } = self;
        let outcome = match (outcome, cleaned) {
            (outcome, Ok(value)) if !(rules.is_failure)(&value) => outcome,
            (Outcome::Returned(body), cleaned) if !describe::is_failure(texts.body, &body) => {
                if waits {
                    of_cleanup = Some(Box::new(text_of_cleanup(&cleaned, texts.cleanup)));
                }
                // The conversion of an error is code of a user.
                match cleaned.and_then(|value| catch(|| (rules.from_cleanup)(value))) {
                    Ok(failed) => Outcome::Returned(failed.unwrap_or(body)),
                    Err(payload) => Outcome::Panicked(payload),
                }
            }
            (outcome, cleaned) => {
                report_cleanup(cleaned, texts.cleanup, location);
                outcome
            }
        };
        Self { outcome, drop_panic, of_cleanup, location }
    }

    /// Reports the outcome, which nobody receives: the caller has left. A panic out of the drop of the body remains, for the
    /// one who drops.
    #[inline]
    pub(crate) fn left<V>(self, texts: &Texts<T, V>) -> Self {
        if let Outcome::Cancelled = self.outcome { self } else { self.left_with_outcome(texts) }
    }

    fn left_with_outcome<V>(self, texts: &Texts<T, V>) -> Self {
        let Self { outcome, drop_panic, of_cleanup, location } = self;
        match (outcome, of_cleanup) {
            (Outcome::Returned(value), Some(text)) => {
                failure::report(FailureKind::CleanupFailed, *text, location);
                drop_reported(value, FailureKind::CleanupPanicked, location);
            }
            (Outcome::Returned(value), None) => {
                let kinds = (FailureKind::BodyFailed, FailureKind::BodyPanicked);
                report_end(Ok(value), texts.body, location, kinds);
            }
            (Outcome::Panicked(payload), of_cleanup) => {
                let kind = match of_cleanup {
                    Some(_) => FailureKind::CleanupPanicked,
                    None => FailureKind::BodyPanicked,
                };
                failure::report_panic(kind, payload, location);
            }
            (Outcome::Cancelled, _) => {}
        }
        Self { outcome: Outcome::Cancelled, drop_panic, of_cleanup: None, location }
    }

    /// Adds a panic out of the drop of what was cancelled.
    pub(crate) fn add_drop_panic(&mut self, dropped: Result<(), Payload>) {
        add_drop_panic(&mut self.drop_panic, dropped, self.location);
    }
}

impl<T> Exit<T> {
    /// Ends with a cleanup that waits for nothing. The next finally further out waits for what the body adopted.
    pub(crate) fn settle_now<V>(self, cleaned: Result<V, Payload>, rules: Rules<T, V>) -> Settled<T> {
        let (settled, adopted) = self.into_parts(&rules.texts);
        adopted.pass_on();
        settled.with_cleanup(cleaned, &rules, false)
    }

    #[inline]
    pub(crate) fn into_parts<V>(self, texts: &Texts<T, V>) -> (Settled<T>, Adopted) {
        (Settled::new(self.outcome, self.drop_panic, texts), self.adopted)
    }
}

impl<T> Ending for Settled<T> {
    type Output = T;
    type Held = super::Never<T>;
    type Guard<C: Future<Output = Self>> = Guard<C, T>;

    #[inline(always)]
    fn guard<C: Future<Output = Self>>(coroutine: C) -> Self::Guard<C> {
        Guard { coroutine, state: State::New }
    }

    fn begin(self) -> Result<T, Self::Held> {
        Ok(deliver(self))
    }

    #[inline]
    fn abandon(self) {
        raise(self.drop_panic, self.location);
    }
}

/// Gives the caller what the body and its cleanup came to.
pub(crate) fn deliver<T>(settled: Settled<T>) -> T {
    match settled.outcome {
        Outcome::Returned(value) => value,
        Outcome::Panicked(payload) => payload.resume(),
        // Only a guard's last poll carries the signal, and its outcome is never delivered.
        Outcome::Cancelled => unreachable!("a cancelled `finally` has nobody to deliver to"),
    }
}

/// Goes on with the panic of a drop. Reports it where a second panic in flight would abort the process.
#[inline]
pub(crate) fn raise(panic: Option<Payload>, location: &'static Location<'static>) {
    if let Some(payload) = panic {
        raise_payload(payload, location);
    }
}

#[cold]
fn raise_payload(payload: Payload, location: &'static Location<'static>) {
    if is_panicking() {
        failure::report_panic(FailureKind::BodyPanicked, payload, location);
    } else {
        payload.resume();
    }
}
