//! Laws over random programs, at every point of cancellation: never polled, dropped after the 1st, 2nd, .. last `Pending`, and
//! not dropped at all.
//!
//! A program is a tree of [`program::Op`]s. [`nodes`] makes a future of it over the public API; [`driver`] polls it by
//! hand, drops it, and runs what was handed off, one task after the other; [`reference`] interprets the same tree without
//! futures. Each of the [`laws`] looks at the one event log, the outcome and the reports.
//!
//! What is handed off runs beside the rest, and its pace is the executor's affair. So MODEL does not compare two logs line by
//! line: the interpreter computes which events there are and which of them come after which others, and the log has to keep to that.
//! A program in which nothing runs side by side has one such order, and there MODEL is equality.
//!
//! `FINALLY_LAWS=1000000` sets how many programs all generators make together. `FINALLY_LAWS_SEED=..` replays one program of
//! the generator whose test is run; a test that fails prints it.

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

/// How many programs a plain `cargo test` runs.
const PROGRAMS: u64 = 3_000;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("`{name}` is not a number: {text}")))
}

/// A generator, its share of the programs, and what has to come up.
struct Suite {
    name: &'static str,
    generate: fn(u64) -> Program,
    percent: u64,
    required: &'static [&'static str],
    forms: &'static [Form],
    laws: &'static [&'static str],
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
        for number in 0..programs {
            // Far apart, so that generators do not make the same programs.
            let seed = fastrand::Rng::with_seed(number ^ (self.percent << 48) ^ (self.name.len() as u64) << 56).u64(..);
            self.check_one(seed, &mut coverage);
        }
        println!("{}: {programs} programs\n{coverage}", self.name);
        let below = coverage.below(programs / 300, self.required, &[]);
        let below_forms = coverage.below(programs / 1_000, &[], self.forms);
        let below_laws = coverage.below(programs / 300, self.laws, &[]);
        let below = [below, below_forms, below_laws].concat();
        assert!(below.is_empty(), "{}: too rare: {below:#?}", self.name);
    }

    fn check_one(&self, seed: u64, coverage: &mut Coverage) {
        let program = (self.generate)(seed);
        if env::var_os("FINALLY_LAWS_TRACE").is_some() {
            eprintln!("FINALLY_LAWS_SEED={seed} {program}");
        }
        coverage.program(&program);
        if let Err(broken) = laws::check(&program, coverage) {
            self.fail(seed, &program, &broken);
        }
    }

    fn fail(&self, seed: u64, program: &Program, broken: &Broken) {
        let laws: Vec<_> = broken.laws.iter().map(|(name, _)| *name).collect();
        let shrunk = shrink::shrink(program, |candidate| {
            let breaks_one_of_them = |broken: &Broken| broken.laws.iter().any(|(name, _)| laws.contains(name));
            laws::check(candidate, &mut Coverage::default()).is_err_and(|broken| breaks_one_of_them(&broken))
        });
        let smallest = laws::check(&shrunk, &mut Coverage::default());
        let smallest = smallest.as_ref().err().map_or(broken, |broken| broken);
        panic!(
            "{program}\nbreaks {laws:?}\n\nsmallest: {shrunk}\n{:?}\n{:#?}\n{}\n{:?}, reports {:?}\n\n\
             FINALLY_LAWS_SEED={seed} cargo test --test laws {} -- --exact",
            smallest.cancel,
            smallest.laws,
            smallest.run.log.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            smallest.run.outcome,
            smallest.run.reports,
            self.name,
        );
    }
}

#[test]
fn mixed() {
    Suite { name: "mixed", generate: |seed| generate::program(seed, generate::MIXED), percent: 40, required: &[], forms: &Form::ALL, laws: &[] }.check();
}

#[test]
fn plain() {
    Suite { name: "plain", generate: |seed| generate::program(seed, generate::PLAIN), percent: 15, required: &[], forms: &[], laws: &[] }.check();
}

#[test]
fn races() {
    Suite { name: "races", generate: |seed| generate::program(seed, generate::RACES), percent: 15, required: &[], forms: &[], laws: &[] }.check();
}

#[test]
fn cancelling() {
    Suite { name: "cancelling", generate: |seed| generate::program(seed, generate::CANCELLING), percent: 15, required: &[], forms: &[], laws: &[] }.check();
}

#[test]
fn siblings() {
    Suite { name: "siblings", generate: generate::siblings, percent: 15, required: &[], forms: &[], laws: &[] }.check();
}
