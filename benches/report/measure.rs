//! Everything that the page shows.

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;

use crate::subject::{CALLED, CANCELLED as CANCELLING, Counts, build_debug, count_once, run, side_by_side};

/// How often a call, or a cancellation, is repeated. All these numbers and their doubles have four digits, so that the subject
/// takes as long to read them.
const TIMES: usize = 1000;
/// How often a body is polled, in the chart.
pub const SUSPENDS: [usize; 5] = [0, 10, 25, 50, 100];
/// How deep the nests of the chart are.
pub const DEPTHS: [usize; 5] = [1, 2, 4, 8, 12];
/// How many futures the crowds of the chart have.
pub const CROWDS: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

// The cases, in the order in which the tables show them.

/// Calls, with a cleanup that does not await.
pub const SYNC: [&str; 12] = [
    "plain",
    "instrument",
    "hand_sync",
    "idiom_sync",
    "scopeguard_sync",
    "path_sync",
    "argument_sync",
    "method_sync",
    "block_sync",
    "block_jumps_sync",
    "guard_sync",
    "scope_sync",
];
/// Calls, with a cleanup that is awaited.
pub const AWAITED: [&str; 14] = [
    "hand_awaited",
    "idiom_awaited",
    "guarden_awaited",
    "cobalt_async_awaited",
    "async_safe_defer_awaited",
    "futures_finally_awaited",
    "path_awaited",
    "argument_awaited",
    "argument_skip",
    "argument_block",
    "method_awaited",
    "block_awaited",
    "guard_awaited",
    "scope_awaited",
];
/// Calls of functions that are not async.
pub const FUNCTIONS: [&str; 9] = [
    "function_plain",
    "function_instrument",
    "function_hand",
    "function_idiom",
    "function_scopeguard",
    "function_path",
    "function_argument",
    "function_block",
    "function_guard",
];
/// Calls that suspend more and more often, in the chart.
pub const POLLED: [&str; 6] =
    ["instrument", "idiom_sync", "guarden_awaited", "path_sync", "argument_sync", "path_awaited"];
/// Cancellations of one function.
pub const CANCELLED: [&str; 9] = [
    "plain",
    "scopeguard_sync",
    "path_sync",
    "spawn",
    "guarden_awaited",
    "path_awaited",
    "argument_awaited",
    "path_suspended",
    "adopted_path_awaited",
];
/// Cancellations of ten functions that call each other.
pub const TREES: [&str; 4] = ["spawns_10", "one_spawn_10", "tree_10", "adopted_tree_10"];
/// Functions that call each other.
pub const NESTED: [&str; 14] = [
    "plain",
    "instrument",
    "idiom_sync",
    "scopeguard_sync",
    "guarden_awaited",
    "path_sync",
    "argument_sync",
    "armed_sync",
    "path_awaited",
    "argument_awaited",
    "argument_skip",
    "argument_block",
    "block_sync",
    "block_awaited",
];
/// Futures that are cancelled together.
pub const CROWDED: [&str; 4] = ["spawn", "guarden_awaited", "in_sync", "adopted"];
/// Futures that are alive.
pub const LIVE: [&str; 6] = ["plain", "instrument", "spawn", "guarden_awaited", "path_sync", "path_awaited"];

/// How many levels a measured stack has, and how many a thread of 2 MiB should hold.
const LEVELS: [&str; 2] = ["100", "200"];
const MANY_LEVELS: &str = "1000";

pub struct Call {
    /// Of a call whose body is ready at once.
    pub instructions: f64,
    /// Of each further poll, when the body suspends.
    pub further_poll: f64,
    pub allocations: f64,
    pub bytes: f64,
}

pub struct Nest {
    /// By depth, of a call whose body is ready at once.
    pub instructions: Vec<f64>,
    /// Of each further poll, for one more level.
    pub further_poll: f64,
    pub bytes_of_one: f64,
    pub bytes_of_three: f64,
    pub stack: f64,
    pub stack_debug: f64,
    /// Whether a debug build holds a thousand levels.
    pub holds: bool,
}

pub struct Measured {
    pub calls: BTreeMap<&'static str, Call>,
    /// On which fates a cleanup has run.
    pub fates: BTreeMap<&'static str, Counts>,
    /// Instructions by the number of suspends.
    pub polled: BTreeMap<&'static str, Vec<f64>>,
    pub cancelled: BTreeMap<&'static str, Counts>,
    pub nested: BTreeMap<&'static str, Nest>,
    /// By the number of futures, for one of them.
    pub crowded: BTreeMap<&'static str, Vec<Counts>>,
    pub live: BTreeMap<&'static str, f64>,
    /// A poll of a body beside one pending cleanup of a future that it has cancelled, and beside ten thousand.
    pub beside: [Counts; 2],
    /// A wake of one of a hundred detached cleanups, and of one of ten thousand.
    pub woken: [Counts; 2],
}

impl Measured {
    pub fn now() -> Result<Self> {
        let debug = build_debug()?;
        progress("calls");
        let calls = each(&[&SYNC[..], &AWAITED, &FUNCTIONS].concat(), call)?;
        let fates = each(&[&SYNC[..], &AWAITED].concat(), |case| run(CALLED, &["fates", case]))?;
        progress("suspended polls");
        let polled = each(&POLLED, |case| {
            SUSPENDS.iter().map(|suspends| call_instructions(case, *suspends)).collect()
        })?;
        progress("cancellations");
        let cancelled = each(&[&CANCELLED[..], &TREES].concat(), cancellation_everywhere)?;
        progress("nesting");
        let nested = each(&NESTED, |case| nest(case, &debug))?;
        progress("crowds");
        let crowded = each(&CROWDED, |case| CROWDS.iter().map(|futures| crowd(case, *futures)).collect())?;
        let live = each(&LIVE, |case| Ok(run(CANCELLING, &["crowd", case, "1000", "1"])?["bytes"]))?;
        let beside = [
            count_once(CANCELLING, &["busy", "1"], TIMES)?,
            count_once(CANCELLING, &["busy", "10000"], TIMES)?,
        ];
        let woken = [
            count_once(CANCELLING, &["wake", "4000"], TIMES)?,
            count_once(CANCELLING, &["wake", "40000"], TIMES)?,
        ];
        Ok(Self { calls, fates, polled, cancelled, nested, crowded, live, beside, woken })
    }
}

fn progress(what: &str) {
    eprintln!("counting: {what}");
}

fn each<R: Send>(
    cases: &[&'static str],
    measure: impl Fn(&str) -> Result<R> + Sync,
) -> Result<BTreeMap<&'static str, R>> {
    let measured = side_by_side(cases, |case| measure(case))?;
    Ok(cases.iter().copied().zip(measured).collect())
}

fn count_call(case: &str, suspends: usize) -> Result<Counts> {
    count_once(CALLED, &["call", case, &suspends.to_string()], TIMES)
}

/// Instructions of a call whose body suspends so often.
pub fn call_instructions(case: &str, suspends: usize) -> Result<f64> {
    Ok(count_call(case, suspends)?["instructions"])
}

/// Instructions of one more poll of a suspended body.
pub fn further_poll(case: &str) -> Result<f64> {
    Ok(call_instructions(case, 1)? - call_instructions(case, 0)?)
}

fn call(case: &str) -> Result<Call> {
    let counts = count_call(case, 0)?;
    Ok(Call {
        instructions: counts["instructions"],
        further_poll: further_poll(case)?,
        allocations: counts["allocations"],
        bytes: run(CALLED, &["call", case, "0", "1"])?["bytes"],
    })
}

/// One cancellation, and the cleanups that come of it. With the system's allocator it depends on the layout of memory, so there
/// it is the mean of some layouts, and the least and the most.
fn cancellation_everywhere(case: &str) -> Result<Counts> {
    let mut counts = cancellation(case)?;
    let layouts = [1, 40, 300, 2000].map(|length| "a".repeat(length));
    let instructions =
        |layout: &String| Ok(count_once(CALLED, &["alone", case, layout], TIMES)?["instructions"]);
    let instructions = layouts.iter().map(instructions).collect::<Result<Vec<f64>>>()?;
    let mean = instructions.iter().sum::<f64>() / layouts.len() as f64;
    let least = instructions.iter().copied().fold(f64::INFINITY, f64::min);
    let most = instructions.iter().copied().fold(0.0, f64::max);
    counts.extend(
        [("system mean", mean), ("system least", least), ("system most", most)]
            .map(|(name, count)| (name.to_owned(), count)),
    );
    Ok(counts)
}

/// One cancellation, and the cleanups that come of it.
pub fn cancellation(case: &str) -> Result<Counts> {
    let mut counts = count_once(CANCELLING, &["alone", case], TIMES)?;
    counts.insert("tasks".into(), run(CANCELLING, &["alone", case, "1"])?["tasks"]);
    Ok(counts)
}

fn nest(case: &str, debug: &Path) -> Result<Nest> {
    let instructions = |depth: usize, suspends: &str| -> Result<f64> {
        Ok(count_once(CALLED, &["nest", case, &depth.to_string(), suspends], TIMES)?["instructions"])
    };
    let by_depth = DEPTHS.iter().map(|depth| instructions(*depth, "0")).collect::<Result<Vec<_>>>()?;
    let (shallow, deep) = (1, DEPTHS.len() - 1);
    let poll = |index: usize| -> Result<f64> { Ok(instructions(DEPTHS[index], "1")? - by_depth[index]) };
    let further_poll = (poll(deep)? - poll(shallow)?) / (DEPTHS[deep] - DEPTHS[shallow]) as f64;
    let sizes = run(CALLED, &["size", case])?;
    let [less, more] = LEVELS;
    let a_level = |less: Counts, more: Counts| (more["stack"] - less["stack"]) / 100.0;
    Ok(Nest {
        instructions: by_depth,
        further_poll,
        bytes_of_one: sizes["bytes of one level"],
        bytes_of_three: sizes["bytes of three levels"],
        stack: a_level(run(CALLED, &["stack", case, less])?, run(CALLED, &["stack", case, more])?),
        stack_debug: a_level(run(debug, &["stack", case, less])?, run(debug, &["stack", case, more])?),
        holds: run(debug, &["stack", case, MANY_LEVELS]).is_ok(),
    })
}

fn crowd(case: &str, futures: usize) -> Result<Counts> {
    // A small crowd comes and goes more often, so that what happens once does not show.
    let times = (10_000 / futures).max(1);
    let counts = count_once(CANCELLING, &["crowd", case, &futures.to_string()], times)?;
    Ok(counts.into_iter().map(|(name, count)| (name, count / futures as f64)).collect())
}
