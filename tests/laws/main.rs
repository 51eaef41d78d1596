//! Laws that random programs keep at every point of cancellation: a program is never polled, or dropped after its 1st, 2nd, .. last
//! `Pending`, or not dropped at all.
//!
//! A program is a tree of [`program::Op`]s. [`nodes`] turns it into a future with the public API. [`driver`] polls that by hand, drops
//! it, and runs the handed-off cleanups, one task after the other. [`reference`] interprets the same tree without futures. Each of
//! the [`laws`] checks the event log, the outcome and the reports.
//!
//! A cleanup that was handed off runs beside the rest, at the pace of the executor. So MODEL does not compare two logs line by line:
//! the interpreter computes the events and the constraints on their order, and the log has to keep them. If nothing in a program runs
//! side by side, there is one such order, and MODEL is equality.
//!
//! `FINALLY_LAWS=1000000` sets the number of programs that all generators make together. `FINALLY_LAWS_SEED=..` replays one program of
//! the generator whose test is run; a test that fails prints it. `FINALLY_LAWS_TRACE=1` prints each program before it runs, for
//! one that aborts the process.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod coverage;
mod driver;
mod event;
mod executor;
mod failure;
mod gates;
mod generate;
mod laws;
mod linear;
mod nodes;
mod program;
mod reference;
mod shrink;

use std::{
    env,
    sync::{Mutex, PoisonError},
};

use coverage::Coverage;
use laws::Broken;
use program::{Form, Program};

/// The number of programs that a plain `cargo test` runs.
const PROGRAMS: u64 = 6_000;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("`{name}` is not a number: {text}")))
}

/// A generator, its share of the programs, and the events that have to occur.
struct Suite {
    name: &'static str,
    generate: fn(u64) -> Program,
    percent: u64,
    /// The event occurs at least once in this number of programs.
    one_in: u64,
    required: &'static [&'static [&'static str]],
    forms: &'static [Form],
}

/// The executor, the failure hook and the log belong to the process.
static TURN: Mutex<()> = Mutex::new(());

impl Suite {
    fn check(&self) {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        driver::listen();
        let mut coverage = Coverage::default();
        if let Some(seed) = number("FINALLY_LAWS_SEED") {
            return self.check_one(seed, &mut coverage);
        }
        let programs = number("FINALLY_LAWS").unwrap_or(PROGRAMS) * self.percent / 100;
        // Each generator has seeds of its own.
        let mut seeds =
            fastrand::Rng::with_seed(self.name.bytes().fold(0, |seed, byte| seed << 8 | u64::from(byte)));
        for _ in 0..programs {
            self.check_one(seeds.u64(..), &mut coverage);
        }
        println!("{}: {programs} programs\n{coverage}", self.name);
        let minimum = programs / self.one_in;
        let mut rare: Vec<_> =
            self.required.iter().flat_map(|required| coverage.below(minimum, required, &[])).collect();
        rare.extend(coverage.below(programs / 1_000, &[], self.forms));
        assert!(rare.is_empty(), "{}: less often than {minimum} times: {rare:#?}", self.name);
    }

    fn check_one(&self, seed: u64, coverage: &mut Coverage) {
        let program = (self.generate)(seed);
        let replay = format!("{program}\n\n{}", self.replay(seed));
        if env::var_os("FINALLY_LAWS_TRACE").is_some() {
            eprintln!("{replay}");
        }
        *executor::RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = replay;
        coverage.program(&program);
        if let Err(broken) = laws::check(&program, coverage) {
            self.fail(seed, &program, &broken);
        }
    }

    fn replay(&self, seed: u64) -> String {
        format!("FINALLY_LAWS_SEED={seed} cargo test --test laws {} -- --exact", self.name)
    }

    fn fail(&self, seed: u64, program: &Program, broken: &Broken) {
        let laws: Vec<_> = broken.laws.iter().map(|(name, _)| *name).collect();
        let shrunk = shrink::shrink(program, |candidate| {
            let breaks_one_of_them =
                |broken: &Broken| broken.laws.iter().any(|(name, _)| laws.contains(name));
            laws::check(candidate, &mut Coverage::default()).is_err_and(|broken| breaks_one_of_them(&broken))
        });
        let smallest = laws::check(&shrunk, &mut Coverage::default());
        let smallest = smallest.as_ref().err().map_or(broken, |broken| broken);
        panic!(
            "{program}\nbreaks {laws:?}\n\nsmallest: {shrunk}\n{:?}\n{:#?}\n{}\n{:?}, reports {:?}\n\n\
             {}",
            smallest.cancel,
            smallest.laws,
            smallest.run.log.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            smallest.run.outcome,
            smallest.run.reports,
            self.replay(seed),
        );
    }
}

/// The laws whose preconditions hold in some program of every generator.
const ALWAYS: &[&str] = &[
    "MODEL",
    "L1 exactly once",
    "L2 armed iff polled",
    "L3 nesting",
    "L4 body first",
    "L6 lossless",
    "L8 true outcome",
    "L9 prefix",
    "L10 continue",
    "L11 wakes",
    "L12 no tax",
    "L15 conservation",
    "L16 idempotent end",
    "run: never polled",
    "run: dropped after the first pending",
    "run: dropped after a later pending",
    "run: succeeds",
    "run: fails",
    "run: panics",
    "a cleanup that goes on elsewhere",
    "cancelled while it waits for what was handed off",
];

/// Makes programs of all nodes.
#[test]
fn mixed() {
    Suite {
        name: "mixed",
        generate: |seed| generate::program(seed, generate::MIXED),
        percent: 40,
        one_in: 150,
        required: &[
            ALWAYS,
            &[
                "L5 transparency",
                "L7 first failure wins",
                "L14 drop panics",
                "a cleanup of a body that was never polled",
                "a cleanup that is skipped half-way",
                "a guard that is cancelled",
                "a guard that is dropped",
                "a guard that is released",
                "a scope that is cancelled while it is closed",
                "a scope that is closed",
                "a scope that is dropped",
                "something arrives that nobody waits for",
                "cancelled while it waits for what the cleanup has cancelled",
                "node: acquire",
                "node: bomb",
                "node: catch",
                "node: fail",
                "node: finally",
                "node: guard",
                "node: hold",
                "node: join",
                "node: leave",
                "node: panic",
                "node: race",
                "node: scope",
                "node: seq",
                "node: yield",
            ],
        ],
        forms: &Form::ALL,
    }
    .check();
}

/// Makes programs in which nothing runs side by side, so that the log has one correct order.
#[test]
fn plain() {
    Suite {
        name: "plain",
        generate: |seed| generate::program(seed, generate::PLAIN),
        percent: 15,
        one_in: 150,
        required: &[
            ALWAYS,
            &["L5 transparency", "L7 first failure wins", "L13 building is running", "L14 drop panics"],
        ],
        forms: &Form::ALL,
    }
    .check();
}

/// Makes programs about the losers of a race, and the ends of their cleanups.
#[test]
fn races() {
    Suite {
        name: "races",
        generate: |seed| generate::program(seed, generate::RACES),
        percent: 15,
        one_in: 150,
        required: &[
            ALWAYS,
            &[
                "L14 drop panics",
                "a race that the first side wins",
                "a race that the second side wins",
                "a side that is never polled",
                "a panic in a drop by an unwinding",
            ],
        ],
        forms: &[],
    }
    .check();
}

/// Makes programs whose cleanups cancel something: in a poll, in the call that builds them, or by the drop of their ended future.
#[test]
fn cancelling() {
    Suite {
        name: "cancelling",
        generate: |seed| generate::program(seed, generate::CANCELLING),
        percent: 15,
        one_in: 50,
        required: &[
            ALWAYS,
            &[
                "L14 drop panics",
                "a cleanup that cancels something",
                "a program that is left",
                "a program that is left in a call",
                "something is cancelled when a cleanup is built",
                "something is cancelled in the drop of an ended future",
                "cancelled while it waits for what the cleanup has cancelled",
            ],
        ],
        forms: &[],
    }
    .check();
}

/// Makes programs of cleanups that are not nested in each other. Some never end, and some wait for each other.
#[test]
fn siblings() {
    Suite {
        name: "siblings",
        generate: generate::siblings,
        percent: 15,
        one_in: 150,
        required: &[
            ALWAYS,
            &[
                "L17 siblings",
                "a guard that is cancelled",
                "a join of which one half fails",
                "a race that the second side wins",
                "node: await",
                "node: gate",
                "node: join",
                "node: race",
                "node: signal",
            ],
        ],
        forms: &[],
    }
    .check();
}
