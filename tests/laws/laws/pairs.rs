//! L5, L13: laws about two programs.

use super::{Case, Verdict};
use crate::{
    coverage::Coverage,
    driver::{CancelPoint, Run, run},
    event::{Event, Id, Index, ROOT, What},
    program::{Build, Cleanup, Finally, Form, Mode, Node, Op, Program, Residue},
    reference::{Until, interpret},
};

/// L5: if all cleanups succeed, erasing every finally changes neither outcome nor body events.
pub fn transparency(case: &Case<'_>) -> Verdict {
    let has_cleanup = case.program.any(|node| !node.cleanups().is_empty());
    let is_plain = !case.program.any(|node| {
        matches!(
            node.op,
            // The outcome of these nodes depends on how long a cleanup takes.
            Op::Race { .. } | Op::Join(..) | Op::Leave(..) | Op::Gate(_) | Op::Await(..) | Op::Acquire(_)
        ) || node.cleanups().iter().any(|(_, cleanup)| !succeeds(cleanup))
            || matches!(&node.op, Op::Finally(it) if !is_plain_body(it))
    });
    if !has_cleanup || !is_plain || case.cancel == CancelPoint::Unpolled {
        return Ok(false);
    }
    let erased = erase(case.program);
    let is_body = |event: &&Event| is_of(&erased, event.0);
    let mut cancel = CancelPoint::Never;
    if case.was_cancelled() {
        let before = &case.run.log[..case.index.of(ROOT, What::Drops(0)) as usize];
        // A run that is cancelled in a cleanup has no such place without the cleanup.
        if !before.last().is_some_and(|last| suspends(&erased, last)) {
            return Ok(false);
        }
        cancel = CancelPoint::After(before.iter().filter(|event| suspends(&erased, event)).count() as u32);
    }
    let other = run(&erased, cancel);
    let events: Vec<_> = case.run.log.iter().filter(is_body).collect();
    let other_events: Vec<_> = other.log.iter().filter(is_body).collect();
    if events != other_events {
        return Err(format!("{events:?} with, {other_events:?} without"));
    }
    if case.run.outcome != other.outcome {
        return Err(format!("{:?} with, {:?} without", case.run.outcome, other.outcome));
    }
    Ok(true)
}

fn is_of(erased: &Node, id: Id) -> bool {
    id != ROOT && erased.any(|node| node.id == id)
}

fn suspends(erased: &Node, event: &Event) -> bool {
    let What::Step(step) = event.1 else { return false };
    erased.any(|node| node.id == event.0 && matches!(node.op, Op::Yield(times, _) if step < times))
}

fn is_plain_body(it: &Finally) -> bool {
    matches!(it.residue, Residue::Nothing) && it.form != Form::Plain
}

fn succeeds(cleanup: &Cleanup) -> bool {
    matches!(cleanup.build, Build::Plain)
        && matches!(cleanup.residue, Residue::Nothing)
        && !cleanup.program.any(|node| matches!(node.op, Op::Fail | Op::Panic | Op::Bomb(_)))
}

/// Returns the program without its cleanups.
fn erase(program: &Program) -> Program {
    match &program.op {
        Op::Finally(it) => erase(&it.body),
        Op::Guard(it) => erase(&it.program),
        Op::Scope(it) => erase(&it.program),
        _ => program.with_parts(&mut |part| erase(part.program())),
    }
}

/// L13: a panic in the call that builds the cleanup behaves as a panic in its first poll.
pub fn building_is_running(case: &Case<'_>) -> Verdict {
    if case.cancel == CancelPoint::Unpolled || !case.program.any(panics_in_build) {
        return Ok(false);
    }
    // The panic comes in another poll. The other side of a race may see that, and a skipped cleanup is never polled.
    let may_differ = case.program.any(|node| {
        matches!(node.op, Op::Race { .. } | Op::Join(..) | Op::Leave(..) | Op::Acquire(_) | Op::Scope(_))
            || node.cleanups().iter().any(|(mode, _)| *mode == Mode::Skip)
    });
    if may_differ || case.program.blocks() {
        return Ok(false);
    }
    let polled = running_for_building(case.program);
    let other = run(&polled, case.cancel);
    if case.expected.pendings.is_none() || waits(&polled, &other) {
        return Ok(false);
    }
    if case.run.outcome != other.outcome {
        return Err(format!("{:?} when built, {:?} when polled", case.run.outcome, other.outcome));
    }
    if !super::model::are_equal(&case.run.reports, &other.reports) {
        return Err(format!("{:?} when built, {:?} when polled", case.run.reports, other.reports));
    }
    Ok(true)
}

/// Returns whether something in the run waits for a cleanup that was handed off, which takes time.
fn waits(program: &Program, run: &Run) -> bool {
    let index = Index::new(&run.log);
    interpret(program, &run.log, &index, Until::of(run), run.at_first_rest, &mut Coverage::default())
        .pendings
        .is_none()
}

fn panics_in_build(node: &Node) -> bool {
    node.cleanups().iter().any(|(_, cleanup)| matches!(cleanup.build, Build::Panics))
}

fn running_for_building(program: &Program) -> Program {
    program.with_cleanups(&mut |cleanup| match cleanup.build {
        Build::Panics => Cleanup {
            build: Build::Plain,
            program: Node::new(cleanup.id, Op::Panic),
            residue: Residue::Nothing,
            ..cleanup.clone()
        },
        _ => cleanup.clone(),
    })
}
