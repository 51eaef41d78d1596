//! Several cleanups in one scope. `promise_cases/q_disposal.rs` has their failures.

use finally::{FailureKind, FinallyExt, Scope};

use crate::support::{
    Error, Log, Panic, exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after},
    panic_of, steps, suspend,
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
fn p6_what_a_cleanup_cancels_ends_before_the_next_one_starts() {
    fn cancels(log: &Log) -> impl FnOnce() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + use<> {
        let log = log.clone();
        move || {
            Box::pin(async move {
                let cleanup = log.clone();
                let mut hand = Hand::new(suspend().finally(move || steps(cleanup, "cancelled", 1)));
                assert!(hand.poll().is_pending());
                suspend().await;
                drop(hand);
                suspend().await;
                log.push("cancels");
            })
        }
    }
    let _turn = exclusive();
    let log = Log::default();
    let scope = || {
        let (first, last) = (log.clone(), log.clone());
        let mut hand = Hand::new(suspend().finally(move || steps(first, "dropped", 1)));
        assert!(hand.poll().is_pending());
        let mut scope = Scope::<Error>::new();
        scope.defer(move || steps(last, "last", 1));
        scope.defer(move || drop(hand));
        scope.defer(cancels(&log));
        scope
    };
    let whole = ["cancelled 0", "cancelled 1", "cancels", "dropped 0", "dropped 1", "last 0", "last 1"];
    let in_order = |events: Vec<String>, how: &str| {
        let mut rest = events.clone();
        // A cancelled cleanup is driven beside the one that goes on, so these two may come in either order.
        rest[..3].sort();
        assert_eq!(rest, whole, "{how}: {events:?}");
    };
    assert_eq!(Hand::new(scope().close()).run(), Ok(()));
    in_order(log.take(), "closed");
    for pendings in 0..=4 {
        crate::support::hand::run(cancel_after(pendings, scope().close()));
        finally::drain_blocking(None).unwrap();
        in_order(log.take(), &format!("closed and cancelled after {pendings} pendings"));
    }
}

#[test]
fn dropped_while_the_thread_unwinds_it_runs_all() {
    let turn = exclusive();
    let log = Log::default();
    let unwound = panic_of(|| {
        let mut scope = scope_of(&log);
        scope.defer(|| std::panic::panic_any(Panic("cleanup")));
        std::panic::panic_any(Panic("caller"))
    });
    finally::drain_blocking(None).unwrap();
    assert_eq!((unwound, log.events()), (Panic("caller"), WHOLE.map(str::to_owned).to_vec()));
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}

#[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
#[test]
fn dropped_what_needs_no_awaiting_runs_inside_the_drop_until_something_does() {
    let _turn = exclusive();
    let log = Log::default();
    let mut scope = scope_of(&log);
    let five = log.clone();
    let (opens, gate) = tokio::sync::oneshot::channel::<()>();
    scope.defer(async move || gate.await.unwrap());
    scope.defer(move || five.push("five"));
    let runtime = crate::support::runtimes::current_thread();
    runtime.block_on(async {
        drop(scope);
        assert_eq!(log.events(), ["five"]);
        assert_eq!(finally::detached(), 1, "the rest is handed off as one");
        opens.send(()).unwrap();
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

#[test]
fn p8_a_report_names_the_line_of_the_cleanup() {
    fn deferred() -> (Scope<Error>, [u32; 3]) {
        let mut scope = Scope::new();
        let line = line!();
        scope.defer(|| Err::<(), _>(Error("third")));
        scope.defer(|| async { Err::<(), _>(Error("second")) });
        scope.defer(|| Err::<(), _>(Error("first")));
        (scope, [line + 3, line + 2, line + 1])
    }
    let turn = exclusive();
    let reported = || turn.failures().iter().map(|failure| failure.line).collect::<Vec<_>>();

    let (scope, lines) = deferred();
    assert_eq!(Hand::new(scope.close()).run(), Err(Error("first")));
    assert_eq!(reported(), lines[1..]);

    let (scope, lines) = deferred();
    drop(scope);
    finally::drain_blocking(None).unwrap();
    assert_eq!(reported(), lines);
}
