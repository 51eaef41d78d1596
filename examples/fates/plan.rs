//! Which file is to meet which fate, and where.

use std::num::NonZeroU64;

use fastrand::Rng;

use crate::{arguments::Arguments, inspect::count_await_points, sources::Source};

/// A file, and what is to become of it.
pub struct Job {
    /// From 0, in the order in which the files were found.
    pub index: usize,
    pub source: Source,
    pub forced: Option<Forced>,
    pub place: Place,
}

#[derive(Clone, Copy)]
pub struct Forced {
    pub fate: ForcedFate,
    /// How many await points come before.
    pub await_point: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ForcedFate {
    Fail,
    Panic,
    Cancel,
}

/// Where a file is inspected, which decides who takes its cleanup when it is cancelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the batch's own task, so inside a function with a finally of its own.
    Batch,
    /// In a task of its own, with nothing around it but the runtime.
    Task,
}

/// Depends on nothing but the files, the arguments and the seed, so a run can be repeated.
pub fn plan(sources: Vec<Source>, arguments: &Arguments, seed: u64) -> Vec<Job> {
    let mut random = Rng::with_seed(seed);
    let wanted = [
        (arguments.fail, ForcedFate::Fail),
        (arguments.panic, ForcedFate::Panic),
        (arguments.cancel, ForcedFate::Cancel),
    ];
    let plan_one = |(index, source): (usize, Source)| {
        let due = wanted
            .into_iter()
            .filter(|(every, _)| every.is_some_and(|every| is_due(index, every)))
            .map(|(_, fate)| fate);
        Job {
            // Where several are due, one of them comes first.
            forced: random
                .choice(due.collect::<Vec<_>>())
                .map(|fate| Forced { fate, await_point: random.u64(..count_await_points(source.size)) }),
            place: if random.bool() { Place::Batch } else { Place::Task },
            index,
            source,
        }
    };
    sources.into_iter().enumerate().map(plan_one).collect()
}

fn is_due(index: usize, every: NonZeroU64) -> bool {
    (index as u64 + 1) % every == 0
}
