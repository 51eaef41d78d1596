//! Which failure the caller gets, and where all the others end up (P7, P8).

use finally::FailureKind;

use super::{End, Error, Panic, Seen, outcome::Outcome};

/// What the caller gets: the first failure.
pub fn expected(body: End, cleanup: End) -> Outcome<Result<(), Error>> {
    let first = if body == End::Succeeds { (cleanup, "cleanup") } else { (body, "body") };
    match first {
        (End::Succeeds, _) => Outcome::Returned(Ok(())),
        (End::Fails, who) => Outcome::Returned(Err(Error(who))),
        (End::Panics, who) => Outcome::Panicked(Panic(who)),
    }
}

/// The failures of a run, wherever they ended up: who failed, and how.
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

/// What failed in a run whose body is reached if it is not cancelled before.
pub fn raised(body: Option<End>, cleanup: End) -> Vec<(&'static str, End)> {
    [("body", body.unwrap_or(End::Succeeds)), ("cleanup", cleanup)]
        .into_iter()
        .filter(|(_, end)| *end != End::Succeeds)
        .collect()
}
