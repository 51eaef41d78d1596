//! The laws, each as a check of one run.

mod counts;
mod failures;
mod model;
mod order;
mod pairs;
mod polls;

use crate::{
    coverage::Coverage,
    driver::{CancelPoint, Outcome, Run, run},
    event::{End, Index},
    program::Program,
    reference::{Expected, Until, interpret},
};

/// A run of a program, and the runs to compare it with.
pub struct Case<'a> {
    pub program: &'a Program,
    pub cancel: CancelPoint,
    pub run: &'a Run,
    pub index: &'a Index,
    pub expected: &'a Expected,
    /// The run that was not cancelled.
    pub uncancelled: &'a Run,
}

impl Case<'_> {
    pub fn was_cancelled(&self) -> bool {
        matches!(self.run.outcome, Outcome::Ended(End::Cancelled(_)))
    }
}

/// Whether the precondition of a law was fulfilled, or how the law was broken.
pub type Verdict = Result<bool, String>;

pub struct Law {
    pub name: &'static str,
    pub check: fn(&Case<'_>) -> Verdict,
}

impl Until {
    pub fn of(run: &Run) -> Self {
        match run.outcome {
            Outcome::Unpolled => Self::FirstPoll,
            Outcome::Ended(End::Cancelled(_)) => Self::Drop,
            Outcome::Ended(_) | Outcome::Stuck => Self::End,
        }
    }
}

pub const LAWS: [Law; 18] = [
    Law { name: "MODEL", check: model::model },
    Law { name: "L1 exactly once", check: counts::exactly_once },
    Law { name: "L2 armed iff polled", check: counts::armed_iff_polled },
    Law { name: "L3 nesting", check: order::nesting },
    Law { name: "L4 body first", check: order::body_first },
    Law { name: "L5 transparency", check: pairs::transparency },
    Law { name: "L6 lossless", check: failures::lossless },
    Law { name: "L7 first failure wins", check: failures::first_wins },
    Law { name: "L8 true outcome", check: failures::true_outcome },
    Law { name: "L9 prefix", check: order::prefix },
    Law { name: "L10 continue", check: order::continues },
    Law { name: "L11 wakes", check: polls::wakes },
    Law { name: "L12 no tax", check: polls::no_tax },
    Law { name: "L13 building is running", check: pairs::building_is_running },
    Law { name: "L14 drop panics", check: failures::drop_panics },
    Law { name: "L15 conservation", check: counts::conservation },
    Law { name: "L16 idempotent end", check: counts::idempotent_end },
    Law { name: "L17 siblings", check: order::siblings },
];

/// The laws that a run breaks.
pub struct Broken {
    pub cancel: CancelPoint,
    pub laws: Vec<(&'static str, String)>,
    pub run: Run,
}

/// Checks a program at every point of cancellation. The error is the first run that breaks a law.
pub fn check(program: &Program, coverage: &mut Coverage) -> Result<(), Box<Broken>> {
    let uncancelled = run(program, CancelPoint::Never);
    let pendings = uncancelled.pendings;
    check_run(program, CancelPoint::Never, None, &uncancelled, coverage)?;
    let points = (1..=pendings).map(CancelPoint::After);
    for cancel in std::iter::once(CancelPoint::Unpolled).chain(points) {
        let run = run(program, cancel);
        check_run(program, cancel, Some(run), &uncancelled, coverage)?;
    }
    Ok(())
}

fn check_run(
    program: &Program,
    cancel: CancelPoint,
    run: Option<Run>,
    uncancelled: &Run,
    coverage: &mut Coverage,
) -> Result<(), Box<Broken>> {
    let this = run.as_ref().unwrap_or(uncancelled);
    let index = Index::new(&this.log);
    let until = Until::of(this);
    coverage.count(match (cancel, this.outcome) {
        (CancelPoint::Unpolled, _) => "run: never polled",
        (CancelPoint::After(1), _) => "run: dropped after the first pending",
        (CancelPoint::After(_), _) => "run: dropped after a later pending",
        (CancelPoint::Never, Outcome::Ended(End::Ok)) => "run: succeeds",
        (CancelPoint::Never, Outcome::Ended(End::Failed(_))) => "run: fails",
        (CancelPoint::Never, _) => "run: panics",
    });
    let expected = interpret(program, &this.log, &index, until, this.at_first_rest, coverage);
    let case = Case { program, cancel, run: this, index: &index, expected: &expected, uncancelled };
    let mut laws = Vec::new();
    for law in &LAWS {
        match (law.check)(&case) {
            Ok(true) => coverage.count(law.name),
            Ok(false) => {}
            Err(how) => laws.push((law.name, how)),
        }
    }
    if laws.is_empty() {
        return Ok(());
    }
    // The log is printed with the broken laws.
    let run = run.unwrap_or_else(|| crate::driver::run(program, cancel));
    Err(Box::new(Broken { cancel, laws, run }))
}
