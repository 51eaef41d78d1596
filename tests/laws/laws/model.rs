//! MODEL: log, outcome and reports equal those of the interpreter.

use super::{Case, Verdict};
use crate::{driver::Outcome, event::NEVER, reference::Report};

pub fn model(case: &Case<'_>) -> Verdict {
    let Case { run, expected, index, .. } = case;
    if let Some(contradiction) = expected.contradictions.first() {
        return Err(contradiction.clone());
    }
    let mut matched = vec![false; run.log.len()];
    for constraint in &expected.events {
        let event = constraint.event;
        let place = index.of(event.0, event.1);
        match run.log.get(place as usize) {
            Some(actual) if *actual == event => matched[place as usize] = true,
            Some(actual) => return Err(format!("expected {event:?}, and it was {actual:?}")),
            None => return Err(format!("{event:?} is missing")),
        }
        for before in constraint.after.iter().chain(&constraint.group) {
            let before = expected.events[*before].event;
            let earlier = index.of(before.0, before.1);
            if earlier >= place && earlier != NEVER {
                return Err(format!("{event:?} comes before {before:?}"));
            }
        }
    }
    if let Some(unexpected) = matched.iter().position(|matched| !matched) {
        return Err(format!("{:?} was not expected", run.log[unexpected]));
    }
    if run.outcome != Outcome::Unpolled && run.outcome != Outcome::Ended(expected.end) {
        return Err(format!("expected {:?}, and it was {:?}", expected.end, run.outcome));
    }
    if !are_equal(&expected.reports, &run.reports) {
        return Err(format!("expected the reports {:?}, and they were {:?}", expected.reports, run.reports));
    }
    Ok(true)
}

/// Compares reports as multisets. A report of unknown origin equals every report of its kind.
pub fn are_equal(expected: &[Report], actual: &[Report]) -> bool {
    let mut rest = expected.to_vec();
    let (seen, unseen): (Vec<Report>, Vec<Report>) = actual.iter().partition(|report| report.id.is_some());
    seen.iter().chain(&unseen).all(|report| {
        let exact = rest.iter().position(|it| it == report);
        let of_kind =
            || rest.iter().position(|it| it.kind == report.kind && (it.id.is_none() || report.id.is_none()));
        exact.or_else(of_kind).map(|found| rest.swap_remove(found)).is_some()
    }) && rest.is_empty()
}
