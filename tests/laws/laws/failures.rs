//! L6, L7, L8, L14: the receiver of each failure.

use std::collections::{BTreeMap, BTreeSet};

use finally::FailureKind;

use super::{Case, Verdict};
use crate::{
    driver::Outcome,
    event::{End, Event, Failing, Id, What},
    program::{Node, Op, Residue},
};

fn raised(case: &Case<'_>) -> impl Iterator<Item = (Id, Failing)> {
    case.run.log.iter().filter_map(|event| match event {
        Event(id, What::Raised(failing)) => Some((*id, *failing)),
        _ => None,
    })
}

/// Returns whether the program itself has dealt with the failure.
fn is_handled(case: &Case<'_>, id: Id) -> bool {
    case.index.has(id, What::Caught) || case.index.has(id, What::Discarded)
}

/// Returns the failure that the caller of the program gets.
fn delivered(case: &Case<'_>) -> Option<Id> {
    match case.run.outcome {
        Outcome::Ended(End::Failed(id) | End::Panicked(id) | End::Cancelled(Some(id))) => Some(id),
        _ => None,
    }
}

/// L6: each failure that was raised is the outcome or is reported. None is lost, and none occurs twice.
pub fn lossless(case: &Case<'_>) -> Verdict {
    if case.program.any(may_discard) {
        return Ok(false);
    }
    let mut open: Vec<_> = raised(case).filter(|(id, _)| !is_handled(case, *id)).collect();
    let came_up = !open.is_empty();
    let mut erased = 0;
    let reported = case.run.reports.iter().filter_map(|report| {
        erased += usize::from(report.id.is_none());
        report.id
    });
    let reported: Vec<Id> = reported.chain(delivered(case)).collect();
    for id in reported {
        match open.iter().position(|(raised, _)| *raised == id) {
            Some(found) => drop(open.swap_remove(found)),
            None => return Err(format!("the failure of #{id} is there once too often")),
        }
    }
    // The report of such an error has the name of its type only.
    let errors = open.iter().filter(|(_, failing)| *failing == Failing::Error).count();
    if errors != erased || open.len() != errors {
        return Err(format!("of {open:?} nobody hears, with {erased} errors without a name"));
    }
    Ok(came_up)
}

/// Returns whether an error may be lost. Nobody waits any more for the resource that has failed.
fn may_discard(node: &Node) -> bool {
    matches!(&node.op, Op::Acquire(it) if it.fallible && it.source.any(|node| matches!(node.op, Op::Fail)))
}

/// L7: the caller gets the earliest failure. A panic of the drop of a body comes before the value of the body.
pub fn first_wins(case: &Case<'_>) -> Verdict {
    // A part was cancelled, or the program has handled a failure itself.
    let is_apart = |event: &Event| matches!(event.1, What::Drops(_) | What::Caught | What::Discarded);
    if case.run.outcome == Outcome::Unpolled || case.run.log.iter().any(is_apart) {
        return Ok(false);
    }
    let drops_panic = |node: &Node| match &node.op {
        Op::Bomb(_) | Op::Race { .. } | Op::Join(..) | Op::Leave(..) | Op::Acquire(_) => true,
        Op::Finally(it) => matches!(it.residue, Residue::Panics),
        _ => false,
    };
    let residue_panics =
        |node: &Node| node.cleanups().iter().any(|(_, it)| matches!(it.residue, Residue::Panics));
    // Siblings and handed-off cleanups have failures of their own.
    if case.program.any(|node| drops_panic(node) || residue_panics(node)) || case.run.handed_off > 0 {
        return Ok(false);
    }
    let first = raised(case).map(|(id, _)| id).next();
    let sync_guards = case.program.any(|node| matches!(&node.op, Op::Guard(it) if !it.release))
        || case.program.any(|node| matches!(&node.op, Op::Scope(it) if !it.close));
    match (first, delivered(case)) {
        (first, last) if first == last => Ok(first.is_some()),
        // Nobody receives the failure of a guard that is dropped.
        _ if sync_guards => Ok(false),
        (first, last) => Err(format!("{first:?} came up first, and {last:?} was delivered")),
    }
}

/// L8: a cleanup sees the fate that its body had.
pub fn true_outcome(case: &Case<'_>) -> Verdict {
    let ended: BTreeMap<Id, End> = case
        .run
        .log
        .iter()
        .filter_map(|event| match event {
            Event(id, What::Ended(end)) => Some((*id, *end)),
            _ => None,
        })
        .collect();
    let mut shown = false;
    let mut broken = None;
    case.program.visit(&mut |node| {
        let Op::Finally(it) = &node.op else { return };
        let place = case.index.of(it.cleanup.id, What::Fate(End::Ok));
        let Some(Event(_, What::Fate(fate))) = case.run.log.get(place as usize) else { return };
        let panics = matches!(it.residue, Residue::Panics);
        let actual = ended.get(&node.id).copied().unwrap_or(End::Cancelled(None));
        shown = true;
        // A panic of the drop of the body replaces the value.
        let replaced = panics && *fate == End::Panicked(node.id) && !actual.is_cancelled();
        if *fate != actual && !replaced {
            broken = Some(format!("#{} ended as {actual:?}, and its cleanup is shown {fate:?}", node.id));
        }
    });
    broken.map_or(Ok(shown), Err)
}

/// L14: a panic of a drop is neither hidden nor lost, and no cleanup is skipped because of it.
pub fn drop_panics(case: &Case<'_>) -> Verdict {
    let exploded: BTreeSet<Id> = raised(case).map(|(id, _)| id).collect();
    let mut came_up = false;
    let mut broken = None;
    case.program.visit(&mut |node| {
        if !matches!(node.op, Op::Bomb(_)) || !exploded.contains(&node.id) {
            return;
        }
        came_up = true;
        let reports = case.run.reports.iter().filter(|report| report.id == Some(node.id));
        let mut seen = usize::from(is_handled(case, node.id)) + usize::from(delivered(case) == Some(node.id));
        for report in reports {
            seen += 1;
            let is_panic = matches!(report.kind, FailureKind::BodyPanicked | FailureKind::CleanupPanicked);
            if !is_panic {
                broken = Some(format!("the panic of #{} is reported as {:?}", node.id, report.kind));
            }
        }
        if seen != 1 {
            broken = Some(format!("the panic of #{} in a drop is seen {seen} times", node.id));
        }
    });
    broken.map_or(Ok(came_up), Err)
}
