//! P1: a cleanup that starts, starts once and ends once; it starts if and only if the body was polled.

use finally::finally;

use crate::{
    WHOLE, WHOLE_SYNC, clean, subject,
    support::{
        ENDS, End, Error, Log, Panic, exclusive,
        hand::Hand,
        outcome::{Outcome, cancel_after, observe},
        steps,
    },
    sync_subject,
};

/// The ways out of a body, one argument each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Value,
    Error,
    EarlyReturn,
    QuestionMark,
    Panic,
}

const EXITS: [Exit; 5] = [Exit::Value, Exit::Error, Exit::EarlyReturn, Exit::QuestionMark, Exit::Panic];

#[finally(clean(log.clone(), End::Succeeds))]
async fn leaves(log: Log, exit: Exit) -> Result<u8, Error> {
    steps(log.clone(), "body", 2).await;
    if exit == Exit::EarlyReturn {
        return Ok(1);
    }
    if exit == Exit::QuestionMark {
        End::Fails.reach("body")?;
    }
    match exit {
        Exit::Error => Err(Error("body")),
        Exit::Panic => std::panic::panic_any(Panic("body")),
        _ => Ok(2),
    }
}

#[finally(log.push("clean"))]
async fn leaves_sync(log: Log, exit: Exit) -> Result<u8, Error> {
    steps(log.clone(), "body", 2).await;
    if exit == Exit::EarlyReturn {
        return Ok(1);
    }
    if exit == Exit::QuestionMark {
        End::Fails.reach("body")?;
    }
    match exit {
        Exit::Error => Err(Error("body")),
        Exit::Panic => std::panic::panic_any(Panic("body")),
        _ => Ok(2),
    }
}

#[finally(log.push("clean"))]
fn leaves_at_once(log: &Log, exit: Exit) -> Result<u8, Error> {
    log.push("body");
    if exit == Exit::EarlyReturn {
        return Ok(1);
    }
    if exit == Exit::QuestionMark {
        End::Fails.reach("body")?;
    }
    match exit {
        Exit::Error => Err(Error("body")),
        Exit::Panic => std::panic::panic_any(Panic("body")),
        _ => Ok(2),
    }
}

fn expected(exit: Exit) -> Outcome<Result<u8, Error>> {
    match exit {
        Exit::Value => Outcome::Returned(Ok(2)),
        Exit::EarlyReturn => Outcome::Returned(Ok(1)),
        Exit::Error | Exit::QuestionMark => Outcome::Returned(Err(Error("body"))),
        Exit::Panic => Outcome::Panicked(Panic("body")),
    }
}

on_every_runtime! {
    p1_an_async_cleanup_runs_once_on_every_way_out(runtime) {
        let _turn = exclusive();
        for exit in EXITS {
            let log = Log::default();
            assert_eq!(runtime.run(observe(leaves(log.clone(), exit))), expected(exit), "{exit:?}");
            assert_eq!(log.events(), ["body 0", "body 1", "body 2", "clean 0", "clean 1", "clean 2"], "{exit:?}");
        }
    }

    p1_a_sync_cleanup_runs_once_on_every_way_out(runtime) {
        for exit in EXITS {
            let log = Log::default();
            assert_eq!(runtime.run(observe(leaves_sync(log.clone(), exit))), expected(exit), "{exit:?}");
            assert_eq!(log.events(), ["body 0", "body 1", "body 2", "clean"], "{exit:?}");
        }
    }

    p1_an_async_cleanup_runs_once_wherever_its_body_is_cancelled(runtime) {
        let _turn = exclusive();
        for pendings in 1..=2 {
            let log = Log::default();
            let run = cancel_after(pendings, subject(log.clone(), End::Succeeds, End::Succeeds));
            assert_eq!(runtime.run(run), Outcome::Cancelled);
            let mut events: Vec<_> = (0..pendings).map(|step| format!("body {step}")).collect();
            events.extend(["body dropped", "clean 0", "clean 1", "clean 2"].map(String::from));
            assert_eq!(log.events(), events, "cancelled after {pendings} pendings");
        }
    }

    p1_a_sync_cleanup_runs_once_wherever_its_body_is_cancelled(runtime) {
        for pendings in 1..=2 {
            let log = Log::default();
            let run = cancel_after(pendings, sync_subject(log.clone(), End::Succeeds, End::Succeeds));
            assert_eq!(runtime.run(run), Outcome::Cancelled);
            let mut events: Vec<_> = (0..pendings).map(|step| format!("body {step}")).collect();
            events.extend(["body dropped", "clean"].map(String::from));
            assert_eq!(log.events(), events, "cancelled after {pendings} pendings");
        }
    }

    p1_a_cleanup_runs_once_wherever_it_is_cancelled_itself(runtime) {
        let _turn = exclusive();
        for pendings in 3..=4 {
            let log = Log::default();
            let run = cancel_after(pendings, subject(log.clone(), End::Succeeds, End::Succeeds));
            assert_eq!(runtime.run(run), Outcome::Cancelled);
            assert_eq!(log.events(), WHOLE, "cancelled after {pendings} pendings");
        }
    }

    p1_a_future_that_was_never_polled_runs_nothing(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        runtime.run(cancel_after(0, subject(log.clone(), End::Succeeds, End::Succeeds)));
        runtime.run(cancel_after(0, sync_subject(log.clone(), End::Succeeds, End::Succeeds)));
        assert!(log.events().is_empty());
    }

    p1_a_cleanup_that_fails_is_not_run_again(runtime) {
        let turn = exclusive();
        for (body, cleanup) in ENDS.iter().flat_map(|body| ENDS.map(|cleanup| (*body, cleanup))) {
            let log = Log::default();
            runtime.run(observe(subject(log.clone(), body, cleanup)));
            assert_eq!(log.take(), WHOLE, "{body:?} {cleanup:?}");
            runtime.run(observe(sync_subject(log.clone(), body, cleanup)));
            assert_eq!(log.take(), WHOLE_SYNC, "{body:?} {cleanup:?}");
        }
        turn.failures();
    }
}

#[test]
fn p1_a_function_that_is_not_async_cleans_up_on_every_way_out() {
    for exit in EXITS {
        let log = Log::default();
        let outcome = match std::panic::catch_unwind(|| leaves_at_once(&log, exit)) {
            Ok(value) => Outcome::Returned(value),
            Err(payload) => Outcome::Panicked(*payload.downcast().unwrap()),
        };
        assert_eq!(outcome, expected(exit));
        assert_eq!(log.events(), ["body", "clean"], "{exit:?}");
    }
}

#[test]
fn p1_a_future_dropped_after_its_end_runs_nothing_more() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(subject(log.clone(), End::Succeeds, End::Succeeds));
    hand.run().unwrap();
    drop(hand);
    assert_eq!(log.events(), WHOLE);
    assert_eq!(finally::detached(), 0);
}

#[test]
fn p1_a_future_polled_after_its_end_says_so_and_runs_nothing_more() {
    #[finally(log.push("clean"))]
    fn returned(log: Log) -> impl Future<Output = ()> {
        let body = log.clone();
        async move { body.push("body") }
    }

    let log = Log::default();
    let mut hand = Hand::new(returned(log.clone()));
    hand.run();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hand.poll())).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "`finally` polled after completion");
    drop(hand);
    assert_eq!(log.events(), ["body", "clean"]);
}

#[test]
fn p1_a_returned_future_that_is_never_polled_runs_nothing() {
    #[finally(log.push("clean"))]
    fn returned(log: Log) -> impl Future<Output = ()> {
        let body = log.clone();
        async move { body.push("body") }
    }

    let log = Log::default();
    drop(returned(log.clone()));
    assert!(log.events().is_empty());
}
