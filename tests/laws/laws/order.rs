//! L3, L4, L9, L10, L17: the order of events, checked on the log alone.

use super::{Case, Verdict};
use crate::{
    driver::CancelPoint,
    event::{End, Event, Id, MOST_STEPS, NEVER, ROOT, What},
    program::{Build, Cleanup, Mode, Node, Op, Part, Program},
};

/// L3: an awaited cleanup starts only after every cleanup that has started inside its body has ended. It delivers only after every
/// cleanup that has started inside the cleanup itself has ended.
pub fn nesting(case: &Case<'_>) -> Verdict {
    let mut nested = false;
    let mut broken = None;
    case.program.visit(&mut |node| {
        let Op::Finally(it) = &node.op else { return };
        if it.form.mode() == Mode::Sync {
            return;
        }
        let start = case.index.of(it.cleanup.id, What::Start);
        let delivered = case.index.of(node.id, What::Delivered(End::Ok));
        let mut ends_before = |id: Id, place: u32, what: &str| {
            let begins = case.index.of(id, What::Start);
            let ends = case.index.of(id, What::Done(End::Ok));
            if begins == NEVER || ends == NEVER || place == NEVER {
                return;
            }
            nested = true;
            if ends > place {
                broken = Some(format!("cleanup #{id} ends after #{} {what}", node.id));
            }
        };
        let mut inside = it.body.all_cleanups();
        inside.extend(it.top.iter().map(|top| (Mode::Sync, top.id)));
        if let Build::Leaves(leaving) = &it.cleanup.build {
            inside.extend(leaving.program.all_cleanups());
        }
        inside.extend(it.residue.program().map(|program| program.all_cleanups()).unwrap_or_default());
        for (_, id) in inside {
            ends_before(id, start, "starts its cleanup");
            ends_before(id, delivered, "delivers");
        }
        for (_, id) in it.cleanup.parts().into_iter().flat_map(|part| part.all_cleanups()) {
            ends_before(id, delivered, "delivers");
        }
    });
    broken.map_or(Ok(nested), Err)
}

/// L4: everything that the body holds is dropped before its cleanup starts.
pub fn body_first(case: &Case<'_>) -> Verdict {
    let mut held = false;
    let mut broken = None;
    case.program.visit(&mut |node| {
        let Op::Finally(it) = &node.op else { return };
        let start = case.index.of(it.cleanup.id, What::Start).min(case.index.of(it.cleanup.id, What::Build));
        if start == NEVER {
            return;
        }
        let mut dropped_before = |id: Id, what: What| {
            let dropped = case.index.of(id, what);
            held |= dropped != NEVER;
            if dropped != NEVER && dropped > start {
                broken = Some(format!("#{id} is dropped after the start of cleanup #{}", it.cleanup.id));
            }
        };
        dropped_before(node.id, What::Held);
        visit_inside(&it.body, &mut |node| {
            if matches!(node.op, Op::Hold(_) | Op::Bomb(_)) {
                dropped_before(node.id, What::Dropped);
            }
        });
    });
    broken.map_or(Ok(held), Err)
}

/// Visits a node and its parts, without the cleanups and the resources, which may go on elsewhere.
fn visit_inside<'a>(node: &'a Node, visit: &mut dyn FnMut(&'a Node)) {
    visit(node);
    let parts = node.parts();
    let skipped = usize::from(matches!(node.op, Op::Acquire(_)));
    for part in &parts[skipped.min(parts.len())..] {
        if let Part::Inside(program) = part {
            visit_inside(program, visit);
        }
    }
}

/// L9: up to the drop, a cancelled run is a prefix of the uncancelled one.
pub fn prefix(case: &Case<'_>) -> Verdict {
    // Other threads may help a drop that waits, and their pace differs between two runs.
    if !case.was_cancelled() || case.program.blocks() {
        return Ok(false);
    }
    let dropped = case.index.of(ROOT, What::Drops(0)) as usize;
    let (before, whole) = (&case.run.log[..dropped], &case.uncancelled.log);
    match before.iter().zip(whole).position(|(one, other)| one != other) {
        Some(at) => Err(format!("{:?} instead of {:?}", before[at], whole[at])),
        None => Ok(true),
    }
}

/// L10: steps 0 to n come once each, in order.
pub fn continues(case: &Case<'_>) -> Verdict {
    let mut next = vec![0_u8; case.program.last_id() as usize + 1];
    let mut stepped = false;
    for Event(id, what) in &case.run.log {
        let What::Step(step) = what else { continue };
        let Some(next) = next.get_mut(*id as usize) else { continue };
        if step != next || *next > MOST_STEPS {
            return Err(format!("#{id}: step {step} instead of {next}"));
        }
        *next += 1;
        stepped |= *step > 0;
    }
    let mut broken = None;
    let mut visit = |program: &Program| {
        // A cleanup that has ended has gone through all steps of its first node.
        if let Op::Yield(times, _) = &program.op {
            let steps = next.get(program.id as usize).copied().unwrap_or(0);
            if steps != times + 1 {
                broken = Some(format!("#{} has come to step {steps}", program.id));
            }
        }
    };
    case.program.visit(&mut |node| {
        for (mode, Cleanup { id, program, .. }) in node.cleanups() {
            if mode != Mode::Sync && case.index.has(*id, What::Done(End::Ok)) {
                visit(program);
            }
        }
    });
    broken.map_or(Ok(stepped), Err)
}

/// L17: an event that the interpreter places after no gate happens before the gates are opened.
pub fn siblings(case: &Case<'_>) -> Verdict {
    if case.cancel == CancelPoint::Unpolled {
        return Ok(false);
    }
    let mut waits = false;
    for constraint in &case.expected.events {
        let place = case.index.of(constraint.event.0, constraint.event.1);
        if constraint.gated {
            waits = true;
        } else if place != NEVER && place as usize >= case.run.at_first_rest {
            return Err(format!("{:?} waits for what never ends", constraint.event));
        }
    }
    let shake_hands = case.program.any(|node| matches!(node.op, Op::Await(..)));
    Ok(waits || shake_hands)
}
