//! L11, L12: wakes and polls.

use super::{Case, Verdict};
use crate::{
    driver::{CancelPoint, Outcome},
    program::Op,
};

/// L11: a driver that polls only when woken never gets stuck.
pub fn wakes(case: &Case<'_>) -> Verdict {
    if case.run.stuck > 0 || case.run.outcome == Outcome::Stuck {
        return Err(format!(
            "{} tasks wait for ever, and the outcome is {:?}",
            case.run.stuck, case.run.outcome
        ));
    }
    Ok(case.run.pendings > 0 || case.run.handed_off > 0)
}

/// L12: body and cleanup get exactly the polls and the wakes that they need.
pub fn no_tax(case: &Case<'_>) -> Verdict {
    if let Some(tax) = case.expected.tax.first() {
        return Err(tax.clone());
    }
    let Some(pendings) = case.expected.pendings else { return Ok(false) };
    if case.cancel == CancelPoint::Unpolled {
        return Ok(false);
    }
    let run = case.run;
    if run.pendings != pendings {
        return Err(format!("pending {} times instead of {pendings}", run.pendings));
    }
    let polls = pendings + u32::from(!case.was_cancelled());
    if run.polls != polls {
        return Err(format!("polled {} times instead of {polls}", run.polls));
    }
    // Each of several sides has wakes of its own.
    let is_alone = !case.program.any(|node| {
        matches!(node.op, Op::Race { .. } | Op::Join(..) | Op::Leave(..) | Op::Await(..) | Op::Gate(_))
    });
    if is_alone && run.wakes != u64::from(pendings) && !case.was_cancelled() {
        return Err(format!("woken {} times instead of {pendings}", run.wakes));
    }
    Ok(pendings > 0)
}
