//! Makes one result of a body's outcome and of its cleanup's.
//!
//! The first failure wins (P7): the body's if it failed, else the cleanup's. Every other failure is reported (P8).

use alloc::{boxed::Box, string::String};
use core::{future::Future, panic::Location, pin::Pin, task::Context};

use crate::{
    cleanup::{Accepts, CleanupValue},
    engine::{
        aside::{self, Aside, Cancellation},
        driver::Driver,
        ending::{Ending, FirstPoll, Hold, NothingToAwait},
        exit::{Exit, Outcome},
        unwind::{Payload, abort, catch, is_panicking},
    },
    failure::{self, FailureKind},
    handoff::Adopted,
    macros::describe::{self, Describe},
    report::{OF_BODY, OF_CLEANUP, report_cleanup, report_end, report_error, text_of_cleanup},
};

/// The data of a report: the texts of the body's and of the cleanup's failure, and the location of the `finally`.
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

/// The functions that a verdict needs, for the types of the body's output and of the cleanup's value.
///
/// They take the place of bounds, because the compiler repeats an error about a bound of a type wherever the type is named.
pub struct Rules<T, V> {
    pub(crate) texts: Texts<T, V>,
    pub(crate) from_cleanup: fn(V) -> Option<T>,
}

impl<T, V> Rules<T, V>
where
    V: CleanupValue,
    T: Accepts<V>,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(texts: Texts<T, V>) -> Self {
        Self { texts, from_cleanup: T::from_cleanup }
    }
}

impl<T, V> Clone for Rules<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Rules<T, V> {}

/// An outcome that waits for no cleanup, as a coroutine hands it to its driver.
#[must_use = "the outcome goes to the caller"]
pub struct Verdict<T> {
    pub(crate) outcome: Outcome<T>,
    /// Boxed, because it is nearly always empty: it takes only eight bytes of each future.
    rare: Option<Box<Rare>>,
}

enum Rare {
    /// A panic out of the drop of a cancelled body, for the one who dropped it.
    DropPanic { payload: Payload, location: &'static Location<'static> },
    /// The thread keeps a panic, or the location of the `finally`, until the arguments of the coroutine are dropped.
    SetAside,
    /// The text of the cleanup's failure, if that is the outcome and is not delivered yet. It is kept, because the failure has
    /// become a value of the body's type, which has no text of its own here.
    OfCleanup(String),
}

impl<T> Verdict<T> {
    pub(crate) const fn of(outcome: Outcome<T>) -> Self {
        Self { outcome, rare: None }
    }

    /// Resumes the panic, if the outcome is one.
    pub(crate) fn or_panic(self) -> Self {
        let Self { outcome, rare } = self;
        match outcome {
            Outcome::Panicked(payload) => payload.resume(),
            outcome => Self { outcome, rare },
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new<V>(outcome: Outcome<T>, drop_panic: Option<Payload>, texts: &Texts<T, V>) -> Self {
        match drop_panic {
            None => Self { outcome, rare: None },
            Some(payload) => Self::with_drop_panic(outcome, payload, texts.body, texts.location),
        }
    }

    /// Makes a verdict of an outcome and a panic out of the body's drop. If the body returned, the panic replaces its value, as
    /// after a plain `body.await`.
    #[cold]
    fn with_drop_panic(
        outcome: Outcome<T>,
        payload: Payload,
        describe: Describe<T>,
        location: &'static Location<'static>,
    ) -> Self {
        let outcome = match outcome {
            Outcome::Returned(value) => {
                report_end(Ok(value), describe, location, OF_BODY);
                Outcome::Panicked(payload)
            }
            Outcome::Panicked(first) => {
                failure::report_panic(FailureKind::BodyPanicked, payload, location);
                Outcome::Panicked(first)
            }
            Outcome::Cancelled => {
                let rare = Some(Box::new(Rare::DropPanic { payload, location }));
                return Self { outcome: Outcome::Cancelled, rare };
            }
        };
        Self { outcome, rare: None }
    }

    /// Adds the end of the cleanup. `waits` says that the caller does not receive the verdict at once.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn with_cleanup<V>(
        self,
        cleaned: Result<V, Payload>,
        rules: &Rules<T, V>,
        waits: bool,
    ) -> Self {
        match cleaned {
            Ok(value) if !describe::is_failure(rules.texts.cleanup, &value) => self,
            cleaned => self.with_failure(cleaned, Rules { ..*rules }, waits),
        }
    }

    #[cold]
    fn with_failure<V>(self, cleaned: Result<V, Payload>, rules: Rules<T, V>, waits: bool) -> Self {
        let Rules { texts: Texts { body, cleanup, location }, from_cleanup } = rules;
        let Self { outcome, mut rare } = self;
        let outcome = match outcome {
            Outcome::Returned(value) if !describe::is_failure(body, &value) => {
                if waits {
                    rare = Some(Box::new(Rare::OfCleanup(text_of_cleanup(&cleaned, cleanup))));
                }
                // The conversion of an error is code of a user.
                let failed = match cleaned.and_then(|cleaned| catch(|| from_cleanup(cleaned))) {
                    Ok(None) => return Self { outcome: Outcome::Returned(value), rare },
                    Ok(Some(failed)) => Outcome::Returned(failed),
                    Err(payload) => Outcome::Panicked(payload),
                };
                // The drop of the value that the failure replaces may panic, which comes second.
                report_end(Ok(value), body, location, OF_BODY);
                failed
            }
            outcome => {
                report_cleanup(cleaned, cleanup, location);
                outcome
            }
        };
        Self { outcome, rare }
    }

    /// Reports the outcome, because the caller has left and nobody receives it. A panic out of the body's drop is not reported,
    /// because the drop resumes it.
    #[inline]
    pub(crate) fn left<V>(self, texts: &Texts<T, V>) -> Self {
        if let Outcome::Cancelled = self.outcome {
            self
        } else {
            self.left_with_outcome(texts.body, texts.location)
        }
    }

    #[cold]
    fn left_with_outcome(self, describe: Describe<T>, location: &'static Location<'static>) -> Self {
        let of_cleanup = match self.rare.map(|rare| *rare) {
            Some(Rare::OfCleanup(text)) => Some(text),
            Some(Rare::DropPanic { .. } | Rare::SetAside) | None => None,
        };
        match (self.outcome, of_cleanup) {
            (Outcome::Returned(value), Some(text)) => {
                report_error(value, Some(text), describe, location, OF_CLEANUP);
            }
            (Outcome::Returned(value), None) => {
                report_end(Ok(value), describe, location, OF_BODY);
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
        Self { outcome: Outcome::Cancelled, rare: None }
    }

    /// Converts the verdict back into an exit. Its caller has left, and another cleanup is to be evaluated.
    pub(crate) fn into_exit(self, adopted: Adopted) -> Exit<T> {
        let drop_panic = match self.rare.map(|rare| *rare) {
            Some(Rare::DropPanic { payload, .. }) => Some(payload),
            Some(Rare::OfCleanup(_) | Rare::SetAside) | None => None,
        };
        Exit { outcome: self.outcome, drop_panic, adopted }
    }

    /// Prepares a verdict without a caller for the return of its coroutine, which drops its arguments then.
    pub(crate) fn before_arguments(
        self,
        cancellation: Cancellation,
        location: &'static Location<'static>,
    ) -> Self {
        if self.may_be_lost() {
            self.set_aside(cancellation, location);
            return Self::set_aside_before();
        }
        self
    }

    /// Returns whether the thread has to keep the panic of a verdict without a caller, or the location, while its coroutine drops
    /// its arguments.
    ///
    /// A panic of their drops must not lose the one in the verdict. On a thread that is panicking, that panic is reported, with the
    /// location.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn may_be_lost(&self) -> bool {
        self.rare.is_some() || is_panicking()
    }

    /// Sets the panic and the location aside.
    #[cold]
    pub(crate) fn set_aside(self, cancellation: Cancellation, location: &'static Location<'static>) {
        let panic = match self.rare.map(|rare| *rare) {
            Some(Rare::DropPanic { payload, .. }) => Some(payload),
            Some(Rare::OfCleanup(_) | Rare::SetAside) | None => None,
        };
        aside::set_aside(cancellation, Aside { panic, location });
    }

    /// Returns the verdict of a coroutine for which something is set aside.
    #[cold]
    pub(crate) fn set_aside_before() -> Self {
        Self { outcome: Outcome::Cancelled, rare: Some(Box::new(Rare::SetAside)) }
    }

    /// Adds a panic out of the drop of a cancelled body. There is room for one, so the next is reported.
    pub(crate) fn add_drop_panic(
        &mut self,
        dropped: Result<(), Payload>,
        location: &'static Location<'static>,
    ) {
        let Err(payload) = dropped else { return };
        if self.rare.is_none() {
            self.rare = Some(Box::new(Rare::DropPanic { payload, location }));
        } else {
            failure::report_panic(FailureKind::BodyPanicked, payload, location);
        }
    }
}

impl<T> Exit<T> {
    /// Ends with a cleanup that waits for nothing. The enclosing finally waits for the cleanups that the body adopted.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn settle_now<V>(self, cleaned: Result<V, Payload>, rules: Rules<T, V>) -> Verdict<T> {
        let (verdict, adopted) = self.into_parts(&rules.texts);
        adopted.pass_on();
        verdict.with_cleanup(cleaned, &rules, false)
    }

    /// Returns the end of a cleanup that was polled like a body, and the cleanups that it adopted. A panic of the drop of its
    /// future counts as a panic of the cleanup. It takes the place of a value, and comes after a panic.
    pub(crate) fn into_cleaned<B>(self, texts: &Texts<B, T>) -> (Result<T, Payload>, Adopted) {
        let cleaned = match self.outcome {
            Outcome::Returned(value) => Ok(value),
            Outcome::Panicked(payload) => Err(payload),
            Outcome::Cancelled => unreachable!("a cleanup is awaited, or dropped"),
        };
        let cleaned = match (cleaned, self.drop_panic) {
            (cleaned, None) => cleaned,
            (Err(first), Some(payload)) => {
                failure::report_panic(FailureKind::CleanupPanicked, payload, texts.location);
                Err(first)
            }
            (cleaned, Some(payload)) => {
                report_cleanup(cleaned, texts.cleanup, texts.location);
                Err(payload)
            }
        };
        (cleaned, self.adopted)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn into_parts<V>(self, texts: &Texts<T, V>) -> (Verdict<T>, Adopted) {
        (Verdict::new(self.outcome, self.drop_panic, texts), self.adopted)
    }
}

impl<T> Ending for Verdict<T> {
    type Output = T;
    type Held = NothingToAwait<T>;
    type Driver<C: Future<Output = Self>> = Driver<C>;

    #[inline(always)]
    fn driver<C: Future<Output = Self>>(coroutine: C) -> Self::Driver<C> {
        Driver::new(coroutine)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_first<P: Hold<Self::Held> + ?Sized>(self, _: &mut Context<'_>, _: Pin<&mut P>) -> FirstPoll<T> {
        FirstPoll::Ready(self.deliver())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn abandon(self) {
        if let Some(rare) = self.rare {
            abandon_rarely(*rare);
        }
    }
}

impl<T> Verdict<T> {
    /// Returns the value to the caller, or resumes the panic.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn deliver(self) -> T {
        let Self { outcome, rare } = self;
        // Nearly always there is nothing to be dropped, and the optimizer would call a function to find that out.
        if let Some(rare) = rare {
            drop_rare(rare);
        }
        match outcome {
            Outcome::Returned(value) => value,
            Outcome::Panicked(payload) => payload.resume(),
            // Only a driver's last poll carries the signal, and its outcome is never delivered.
            Outcome::Cancelled => abort(&"a cancelled `finally` has nobody to deliver to"),
        }
    }
}

/// Drops the part of a verdict that a caller who leaves would have needed.
#[cold]
fn drop_rare(rare: Box<Rare>) {
    drop(rare);
}

#[cold]
fn abandon_rarely(rare: Rare) {
    match rare {
        Rare::DropPanic { payload, location } => raise_payload(payload, location),
        Rare::SetAside => {
            if let Some(Aside { panic, location }) = aside::take_last() {
                raise(panic, location);
            }
        }
        Rare::OfCleanup(_) => {}
    }
}

/// Resumes the panic of a coroutine's last poll. That is the panic of its verdict, or one out of the drop of an argument. If it has both,
/// the one of the verdict was the first, and the other one is reported.
#[cold]
pub(crate) fn raise_after_arguments(payload: Payload, cancellation: Cancellation) {
    match aside::take(cancellation) {
        Some(Aside { panic: Some(first), location }) => {
            failure::report_panic(FailureKind::BodyPanicked, payload, location);
            raise_payload(first, location);
        }
        Some(Aside { panic: None, location }) => raise_payload(payload, location),
        // The thread did not panic when the arguments were dropped, so it does not now, and the location is not used.
        None => raise_payload(payload, Location::caller()),
    }
}

/// Resumes the panic of a drop. On a thread that is panicking, where a second panic would abort the process, it is reported.
#[cfg_attr(not(debug_assertions), inline(always))]
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
