//! Several cleanups in one scope. How they fail is told by `promise_cases/q_disposal.rs`.

use finally::{FailureKind, Scope};

use crate::support::{
    Error, Log, Panic, exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after},
    steps,
};

fn scope_of(log: &Log) -> Scope<Error> {
    let mut scope = Scope::new();
    let (one, two, three, four) = (log.clone(), log.clone(), log.clone(), log.clone());
    scope.defer(move || one.push("one"));
    scope.defer(move || steps(two, "two", 1));
    scope.defer(move || three.push("three"));
    scope.defer(move || steps(four, "four", 1));
    scope
}

const WHOLE: [&str; 6] = ["four 0", "four 1", "three", "two 0", "two 1", "one"];

on_every_runtime! {
    closed_it_runs_all_in_reverse_order(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        assert_eq!(runtime.run(scope_of(&log).close()), Ok(()));
        assert_eq!(log.events(), WHOLE);
    }

    dropped_it_runs_all_in_reverse_order(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        let scope = scope_of(&log);
        runtime.run(async move { drop(scope) });
        assert_eq!(log.events(), WHOLE);
    }

    a_close_dropped_anywhere_goes_on(runtime) {
        let _turn = exclusive();
        for pendings in 0..=2 {
            let log = Log::default();
            assert_eq!(runtime.run(cancel_after(pendings, scope_of(&log).close())), Outcome::Cancelled);
            assert_eq!(log.events(), WHOLE, "after {pendings} pendings");
        }
    }
}

#[test]
fn dropped_what_needs_no_awaiting_runs_inside_the_drop_until_something_does() {
    let _turn = exclusive();
    let log = Log::default();
    let mut scope = scope_of(&log);
    let five = log.clone();
    scope.defer(move || five.push("five"));
    let runtime = crate::support::runtimes::current_thread();
    runtime.block_on(async {
        drop(scope);
        assert_eq!(log.events(), ["five"]);
        assert_eq!(finally::detached(), 1, "the rest is handed off as one");
        finally::drain().await;
    });
    assert_eq!(log.events()[1..], WHOLE);
}

#[test]
fn a_scope_without_failures_needs_no_error_type() {
    let mut scope = <Scope>::new();
    scope.defer(|| {});
    assert_eq!(Hand::new(scope.close()).run(), Ok(()));
}

#[test]
fn errors_are_converted() {
    let mut scope = Scope::<Box<dyn std::error::Error + Send + Sync>>::new();
    scope.defer(|| Err::<(), _>(Error("one")));
    scope.defer(|| {});
    assert_eq!(Hand::new(scope.close()).run().unwrap_err().to_string(), "one");
}

#[test]
fn dropped_every_failure_is_reported() {
    let turn = exclusive();
    let mut scope = Scope::<Error>::new();
    scope.defer(|| Err::<(), _>(Error("one")));
    scope.defer(|| async { std::panic::panic_any(Panic("two")) });
    scope.defer(|| Err::<(), _>(Error("three")));
    drop(scope);
    finally::drain_blocking(None).unwrap();
    let mut kinds = turn.kinds();
    kinds.sort_by_key(|kind| format!("{kind:?}"));
    assert_eq!(kinds, [FailureKind::CleanupFailed, FailureKind::CleanupFailed, FailureKind::CleanupPanicked]);
}

#[test]
fn a_first_failure_whose_caller_left_is_reported() {
    let turn = exclusive();
    let mut scope = Scope::<Error>::new();
    scope.defer(crate::support::suspend);
    scope.defer(|| Err::<(), _>(Error("first")));
    let mut closing = Hand::new(scope.close());
    assert!(closing.poll().is_pending());
    assert!(turn.failures().is_empty(), "the caller may still get it");
    drop(closing);
    finally::drain_blocking(None).unwrap();
    assert_eq!(turn.kinds(), [FailureKind::CleanupFailed]);
}
