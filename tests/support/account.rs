//! Predicts the failure that the caller gets, and collects all others (P7, P8).

use finally::FailureKind;

use super::{End, Error, Panic, Seen, outcome::Outcome};

/// Returns the result that the caller gets: the first failure.
pub fn expected(body: End, cleanup: End) -> Outcome<Result<(), Error>> {
    let first = if body == End::Succeeds { (cleanup, "cleanup") } else { (body, "body") };
    match first {
        (End::Succeeds, _) => Outcome::Returned(Ok(())),
        (End::Fails, who) => Outcome::Returned(Err(Error(who))),
        (End::Panics, who) => Outcome::Panicked(Panic(who)),
    }
}

/// Returns all failures of a run, delivered or reported: who failed, and how.
pub fn account(outcome: &Outcome<Result<(), Error>>, reported: Vec<Seen>) -> Vec<(&'static str, End)> {
    let mut account: Vec<_> = reported
        .into_iter()
        .map(|seen| match seen.kind {
            FailureKind::BodyFailed => ("body", End::Fails),
            FailureKind::BodyPanicked => (seen.panic.unwrap().0, End::Panics),
            FailureKind::CleanupFailed => ("cleanup", End::Fails),
            FailureKind::CleanupPanicked => (seen.panic.unwrap().0, End::Panics),
            other => panic!("{other:?}"),
        })
        .collect();
    match outcome {
        Outcome::Returned(Err(error)) => account.push((error.0, End::Fails)),
        Outcome::Panicked(panic) => account.push((panic.0, End::Panics)),
        _ => {}
    }
    account.sort_by_key(|(who, _)| *who);
    account
}

/// Returns the failures that a run causes. `body` is `None` if the run is cancelled before the end of the body.
pub fn raised(body: Option<End>, cleanup: End) -> Vec<(&'static str, End)> {
    [("body", body.unwrap_or(End::Succeeds)), ("cleanup", cleanup)]
        .into_iter()
        .filter(|(_, end)| *end != End::Succeeds)
        .collect()
}
