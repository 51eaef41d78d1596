//! Every generated program does the same with blocks as by hand, and its blocks clean up wherever it is cancelled.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
    task::{Context, Poll, Waker},
};

use finally_differential::{
    Forms, Input, Later, Log,
    programs::{CHECKED, OPTIONAL},
};

const INPUTS: u64 = 40;

/// Silences the panics and the reports of the programs.
fn be_quiet() {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<u8>() {
                hook(info);
            }
        }));
        finally::set_failure_hook(|_| {});
    });
}

#[derive(Debug, PartialEq)]
enum Outcome<R> {
    Returned(R),
    Panicked(u8),
}

fn outcome<R>(result: Result<R, Box<dyn Any + Send>>) -> Outcome<R> {
    match result {
        Ok(result) => Outcome::Returned(result),
        Err(payload) => Outcome::Panicked(*payload.downcast().expect("a panic of a program")),
    }
}

fn run<R>(program: fn(&Input, &Log) -> R, seed: u64) -> (Outcome<R>, Vec<String>) {
    let (input, log) = (Input::new(seed), Log::default());
    let result = catch_unwind(AssertUnwindSafe(|| program(&input, &log)));
    (outcome(result), log.events())
}

/// Polls a program to its end, or drops it after a number of pendings, and returns no outcome then.
fn run_later<R>(
    program: Later<R>,
    seed: u64,
    cancel_after: Option<usize>,
) -> (Option<Outcome<R>>, Vec<String>) {
    let log = Log::default();
    let mut future = program(Input::new(seed), log.clone());
    let mut context = Context::from_waker(Waker::noop());
    let mut pendings = 0;
    let result = catch_unwind(AssertUnwindSafe(|| {
        loop {
            if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
                return Some(result);
            }
            pendings += 1;
            if cancel_after == Some(pendings) {
                return None;
            }
        }
    }));
    drop(future);
    finally::drain_blocking(None).unwrap();
    let outcome = match result {
        Ok(None) => None,
        Ok(Some(result)) => Some(outcome(Ok(result))),
        Err(payload) => Some(outcome(Err(payload))),
    };
    (outcome, log.events())
}

fn check_sync<R: Debug + PartialEq>(programs: &[Forms<R>]) {
    be_quiet();
    for program in programs {
        for seed in 0..INPUTS {
            let expected = run(program.by_hand, seed);
            assert_eq!(run(program.blocks, seed), expected, "program {}, input {seed}", program.number);
        }
    }
}

fn check_async<R: Debug + PartialEq>(programs: &[Forms<R>]) {
    be_quiet();
    for program in programs {
        for seed in 0..INPUTS {
            let expected = run_later(program.async_by_hand, seed, None);
            assert_eq!(
                run_later(program.async_blocks, seed, None),
                expected,
                "program {}, input {seed}",
                program.number
            );
        }
    }
}

#[test]
fn at_once_they_do_the_same() {
    check_sync(CHECKED);
    check_sync(OPTIONAL);
}

#[test]
fn later_they_do_the_same() {
    check_async(CHECKED);
    check_async(OPTIONAL);
}

/// Returns the blocks that a cancelled run has begun and not ended, the outermost first.
fn unfinished(events: &[String]) -> Vec<Unfinished> {
    let mut open: Vec<Unfinished> = Vec::new();
    for event in events {
        let words: Vec<_> = event.split(' ').collect();
        match *words {
            ["enter", number] => open.push(Unfinished::body(number, false)),
            ["enter", number, "awaits"] => open.push(Unfinished::body(number, true)),
            ["clean", number, ..] => match open.last_mut() {
                Some(last) if last.number == number && last.awaits => last.is_cleaning = true,
                Some(last) if last.number == number => drop(open.pop()),
                last => panic!("{number} cleans up inside of {last:?}"),
            },
            ["cleaned", number] if open.last().is_some_and(|last| last.number == number) => drop(open.pop()),
            _ => {}
        }
    }
    open
}

#[derive(Debug)]
struct Unfinished {
    number: String,
    awaits: bool,
    is_cleaning: bool,
}

impl Unfinished {
    fn body(number: &str, awaits: bool) -> Self {
        Self { number: number.to_owned(), awaits, is_cleaning: false }
    }
}

/// Returns whether the events are those after a cancellation: the cleanups that do not await, and then the others, the innermost first.
fn is_what_follows(rest: &[String], open: &[Unfinished]) -> bool {
    let mut expected = Vec::new();
    for block in open.iter().rev().filter(|it| !it.awaits) {
        expected.push(format!("clean {}", block.number));
    }
    for block in open.iter().rev().filter(|it| it.awaits) {
        if !block.is_cleaning {
            expected.push(format!("clean {}", block.number));
        }
        expected.push(format!("cleaned {}", block.number));
    }
    // A cleanup may contain a block, whose events are in the log, too.
    let is_of_an_open_block = |event: &&String| {
        open.iter().any(|block| {
            let clean = format!("clean {}", block.number);
            **event == clean
                || **event == format!("{clean} cancelled")
                || **event == format!("cleaned {}", block.number)
        })
    };
    let cleanups: Vec<_> =
        rest.iter().filter(is_of_an_open_block).map(|event| event.trim_end_matches(" cancelled")).collect();
    cleanups == expected
}

fn check_cancelled<R: Debug + PartialEq>(programs: &[Forms<R>]) -> usize {
    be_quiet();
    let mut runs = 0;
    for program in programs {
        for seed in 0..INPUTS {
            let whole = run_later(program.async_blocks, seed, None).1;
            for pendings in 1.. {
                let (outcome, events) = run_later(program.async_blocks, seed, Some(pendings));
                if outcome.is_some() {
                    break;
                }
                runs += 1;
                // The cancelled run is equal to the whole one up to the cancellation.
                let cut = (0..=events.len().min(whole.len())).rev().find(|length| {
                    events[..*length] == whole[..*length]
                        && is_what_follows(&events[*length..], &unfinished(&events[..*length]))
                });
                assert!(
                    cut.is_some(),
                    "program {}, input {seed}, cancelled after {pendings}:\n{events:#?}\nthe whole:\n{whole:#?}",
                    program.number
                );
            }
        }
    }
    runs
}

#[test]
fn wherever_they_are_cancelled_every_block_cleans_up_once_from_the_inside_out() {
    let runs = check_cancelled(CHECKED) + check_cancelled(OPTIONAL);
    assert!(runs > 1000, "only {runs} runs were cancelled");
}

/// The comparison tests a construct only if programs with it are run.
#[test]
fn the_programs_have_everything_in_them() {
    let mut constructs = BTreeMap::<&str, usize>::new();
    let checked = CHECKED.iter().flat_map(|program| program.constructs);
    for (name, count) in checked.chain(OPTIONAL.iter().flat_map(|program| program.constructs)) {
        *constructs.entry(name).or_default() += count;
    }
    let names = [
        "await",
        "break",
        "break with a value",
        "closure",
        "continue",
        "for",
        "future",
        "hidden loop",
        "hidden return",
        "if",
        "jump in a macro",
        "labelled block",
        "labelled break",
        "labelled continue",
        "let else",
        "loop",
        "match",
        "panic",
        "question mark",
        "question mark in a macro",
        "question mark in assert",
        "question mark in format",
        "question mark in vec",
        "return",
        "while",
    ];
    for name in names {
        for depth in 1..=2 {
            let count = constructs.get(&*format!("{name} in {depth}")).copied().unwrap_or(0);
            assert!(count >= 3, "{name} in {depth}: {count}");
        }
    }
    for name in ["break", "break with a value", "continue", "return", "panic"] {
        let count = constructs.get(&*format!("{name} as the tail")).copied().unwrap_or(0);
        assert!(count >= 2, "{name} as the tail: {count}");
    }
    for name in ["()", "u8", "String", "Result<u8, Wide>"] {
        assert!(constructs.get(name).copied().unwrap_or(0) >= 20, "{name}");
    }
}

/// The ends of programs, and the ends of blocks that their cleanups see.
#[test]
fn the_runs_end_in_every_way() {
    be_quiet();
    let mut ends = BTreeMap::<String, usize>::new();
    for program in CHECKED {
        for seed in 0..INPUTS {
            let (outcome, events) = run(program.blocks, seed);
            let end = match outcome {
                Outcome::Returned(Ok(_)) => "Ok",
                Outcome::Returned(Err(_)) => "Err",
                Outcome::Panicked(100) => "a cleanup's panic",
                Outcome::Panicked(_) => "a panic",
            };
            *ends.entry(end.to_owned()).or_default() += 1;
            for event in events {
                if let ["clean", _, fate] = *event.split(' ').collect::<Vec<_>>() {
                    *ends.entry(fate.to_owned()).or_default() += 1;
                }
            }
        }
    }
    for end in ["Ok", "Err", "a panic", "a cleanup's panic", "value", "return", "jump", "panic"] {
        assert!(ends.get(end).copied().unwrap_or(0) >= 20, "{end}: {ends:?}");
    }
}
