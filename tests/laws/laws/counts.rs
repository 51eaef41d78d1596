//! L1, L2, L15, L16: how often something happens.

use finally::FailureKind;

use super::{Case, Verdict};
use crate::{
    driver::CancelPoint,
    event::{End, What},
    program::{Build, Mode, Node, Op},
};

/// L1: a cleanup starts once at most, and ends once if it has started.
pub fn exactly_once(case: &Case<'_>) -> Verdict {
    if let Some(event) = case.index.twice.first() {
        return Err(format!("{event:?} happens twice"));
    }
    let mut started = false;
    for (mode, cleanup) in case.program.all_cleanups() {
        let starts = case.index.has(cleanup, What::Start);
        let ends = case.index.has(cleanup, What::Done(End::Ok));
        started |= starts;
        // A cleanup with `on_cancel = skip` may be dropped before its end.
        if starts != ends && (ends || mode != Mode::Skip) {
            return Err(format!("cleanup #{cleanup}: starts {starts}, ends {ends}"));
        }
    }
    Ok(started)
}

/// L2: a cleanup runs if its body was polled at least once. If it was never polled, there is no event at all, unless something is
/// armed by the call.
pub fn armed_iff_polled(case: &Case<'_>) -> Verdict {
    if case.cancel == CancelPoint::Unpolled {
        let is_armed = |node: &Node| matches!(&node.op, Op::Finally(it) if it.form.is_armed());
        return match case.run.log.first() {
            None if is_armed(case.program) && !skips(case.program) => {
                Err("its cleanup does not run, though it is armed".to_owned())
            }
            None => Ok(true),
            Some(_) if case.program.any(is_armed) => Ok(true),
            Some(event) => Err(format!("{event:?} though nobody has polled")),
        };
    }
    let mut broken = None;
    let mut armed = false;
    case.program.visit(&mut |node| {
        let Op::Finally(it) = &node.op else { return };
        let entered = case.index.has(node.id, What::Entered);
        armed |= entered;
        let runs = case.index.has(it.cleanup.id, What::Start);
        let panics = matches!(it.cleanup.build, Build::Panics);
        if runs && !entered && !it.form.is_armed() {
            broken = Some(format!("#{} was never polled, and its cleanup runs", node.id));
        }
        if entered && !runs && !skips(node) && !panics {
            broken = Some(format!("#{} was polled, and its cleanup does not run", node.id));
        }
    });
    broken.map_or(Ok(armed), Err)
}

/// Returns whether a cleanup may not start though its body was polled.
fn skips(node: &Node) -> bool {
    matches!(&node.op, Op::Finally(it) if it.form.mode() == Mode::Skip || it.form.skips_at_once())
}

/// L15: at rest, each cleanup that was handed off has ended, and none is lost.
pub fn conservation(case: &Case<'_>) -> Verdict {
    let run = case.run;
    if let Some(lost) = run.reports.iter().find(|report| report.kind == FailureKind::Lost) {
        return Err(format!("{lost:?}"));
    }
    if run.detached != 0 || run.handed_off != run.ended {
        return Err(format!(
            "{} handed off, {} ended, {} still counted",
            run.handed_off, run.ended, run.detached
        ));
    }
    Ok(run.handed_off > 0)
}

/// L16: a poll after the end panics with a clear text and runs nothing. MODEL sees that no drop after the end does.
pub fn idempotent_end(case: &Case<'_>) -> Verdict {
    for answer in &case.run.polled_again {
        let is_clear = answer.contains("after completion") || answer.contains("resumed after panicking");
        if !is_clear {
            return Err(format!("polled after its end: {answer}"));
        }
    }
    Ok(!case.run.polled_again.is_empty())
}
