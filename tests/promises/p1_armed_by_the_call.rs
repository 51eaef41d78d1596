//! P1 with `armed = call`: a cleanup runs once for each call, also if the future is dropped before its first poll, as cancelled.

use std::{cell::RefCell, pin::pin};

use finally::{FailureKind, finally};

use crate::{
    clean,
    support::{
        ENDS, End, Error, Log, OnDrop, exclusive,
        hand::Hand,
        outcome::{Outcome, cancel_after, observe},
        panic_of, steps, suspend,
    },
};

thread_local! {
    /// For cleanups that use no argument.
    static LOG: RefCell<Log> = RefCell::default();
}

fn log_of_thread() -> Log {
    LOG.take();
    LOG.with_borrow(Log::clone)
}

fn clean_now() {
    LOG.with_borrow(|log| log.push("clean"));
}

#[finally(clean(log.clone(), cleanup), armed = call)]
async fn subject(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", 2).await;
    body.reach("body")
}

#[finally({ log.push("clean"); cleanup.reach("cleanup") }, armed = call)]
async fn sync_subject(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", 2).await;
    body.reach("body")
}

on_every_runtime! {
    p1_an_async_cleanup_of_a_future_that_was_never_polled_is_handed_off(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        runtime.run(cancel_after(0, subject(log.clone(), End::Succeeds, End::Succeeds)));
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events(), ["clean 0", "clean 1", "clean 2"]);
    }

    p1_a_sync_cleanup_of_a_future_that_was_never_polled_runs_in_the_drop(runtime) {
        let log = Log::default();
        runtime.run(cancel_after(0, sync_subject(log.clone(), End::Succeeds, End::Succeeds)));
        assert_eq!(log.events(), ["clean"]);
    }

    p1_an_armed_cleanup_runs_once_wherever_its_future_is_dropped(runtime) {
        let _turn = exclusive();
        for pendings in 0..=4 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, subject(log.clone(), End::Succeeds, End::Succeeds)));
            finally::drain_blocking(None).unwrap();
            let dropped = usize::from(pendings > 0);
            assert_eq!(log.count("body dropped"), dropped, "async, dropped after {pendings} pendings");
            assert_eq!(log.count("clean 2"), 1, "async, dropped after {pendings} pendings");
        }
        for pendings in 0..=2 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, sync_subject(log.clone(), End::Succeeds, End::Succeeds)));
            assert_eq!(log.count("clean"), 1, "sync, dropped after {pendings} pendings");
        }
    }

    p1_an_armed_cleanup_runs_once_on_every_way_out(runtime) {
        let turn = exclusive();
        for body in ENDS {
            for sync in [false, true] {
                let log = Log::default();
                let outcome = if sync {
                    runtime.run(observe(sync_subject(log.clone(), body, End::Succeeds)))
                } else {
                    runtime.run(observe(subject(log.clone(), body, End::Succeeds)))
                };
                assert_eq!(
                    outcome,
                    match body {
                        End::Succeeds => Outcome::Returned(Ok(())),
                        End::Fails => Outcome::Returned(Err(Error("body"))),
                        End::Panics => Outcome::Panicked(crate::support::Panic("body")),
                    }
                );
                let cleaned = if sync { "clean" } else { "clean 2" };
                assert_eq!((log.count(cleaned), log.count("body 2")), (1, 1), "{body:?}");
            }
        }
        assert_eq!(turn.kinds(), []);
    }
}

#[test]
fn p1_a_future_that_is_dropped_after_its_end_runs_nothing_more() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(subject(log.clone(), End::Succeeds, End::Succeeds));
    hand.run().unwrap();
    drop(hand);
    let mut hand = Hand::new(sync_subject(log.clone(), End::Succeeds, End::Succeeds));
    hand.run().unwrap();
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!((log.count("clean 2"), log.count("clean")), (1, 1));
}

mod forms {
    use super::*;

    #[finally(clean_now, armed = call)]
    async fn path(held: OnDrop) {
        clean_now();
        drop(held);
    }

    #[finally(|| clean_now(), armed = call)]
    async fn closure(held: OnDrop) {
        clean_now();
        drop(held);
    }

    #[finally(|fate| if fate.is_cancelled() { clean_now() }, armed = call)]
    async fn fate(held: OnDrop) -> u8 {
        clean_now();
        drop(held);
        1
    }

    #[finally(clean(LOG.with_borrow(Log::clone), End::Succeeds), armed = call)]
    async fn future(held: OnDrop) -> Result<(), Error> {
        clean_now();
        drop(held);
        Ok(())
    }

    #[finally(clean_now(), on_cancel = block, armed = call)]
    async fn block(held: OnDrop) {
        clean_now();
        drop(held);
    }

    #[test]
    fn p1_one_that_uses_no_argument_runs_after_the_arguments_are_gone() {
        let _turn = exclusive();
        let log = log_of_thread();
        drop(path(log.on_drop("held")));
        assert_eq!(log.take(), ["held", "clean"], "a path");
        drop(closure(log.on_drop("held")));
        assert_eq!(log.take(), ["held", "clean"], "a closure");
        drop(fate(log.on_drop("held")));
        assert_eq!(log.take(), ["held", "clean"], "a closure with the fate");
        drop(block(log.on_drop("held")));
        assert_eq!(log.take(), ["held", "clean"], "a value, with `on_cancel = block`");
        drop(future(log.on_drop("held")));
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["held", "clean 0", "clean 1", "clean 2"], "a future");
    }

    #[test]
    fn p1_one_that_uses_arguments_gets_them() {
        #[finally(log.push("clean"), armed = call)]
        async fn expression(log: Log) {
            log.push("body");
        }
        #[finally({ let log = log; log.push("clean") }, armed = call)]
        async fn block(log: Log) {
            log.push("body");
        }
        #[finally(|fate| log.push(format!("clean {}", fate.is_cancelled())), armed = call)]
        async fn fate(log: Log) {
            log.push("body");
        }
        #[finally(clean(log, End::Succeeds), armed = call)]
        async fn future(log: Log) -> Result<(), Error> {
            log.push("body");
            Ok(())
        }
        #[finally(clean(log.clone(), End::Succeeds).await, armed = call)]
        async fn awaited(log: Log) -> Result<(), Error> {
            log.push("body");
            Ok(())
        }
        #[finally(async || { suspend().await; log.push("clean") }, armed = call)]
        async fn async_closure(log: Log) {
            log.push("body");
        }
        #[finally(async move { suspend().await; log.push("clean") }, armed = call)]
        async fn async_block(log: Log) {
            log.push("body");
        }

        let _turn = exclusive();
        let log = Log::default();
        drop(expression(log.clone()));
        assert_eq!(log.take(), ["clean"], "an expression");
        drop(block(log.clone()));
        assert_eq!(log.take(), ["clean"], "a block");
        drop(fate(log.clone()));
        assert_eq!(log.take(), ["clean true"], "a closure with the fate");
        drop(future(log.clone()));
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["clean 0", "clean 1", "clean 2"], "a future");
        drop(awaited(log.clone()));
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["clean 0", "clean 1", "clean 2"], "an expression that awaits");
        drop(async_closure(log.clone()));
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["clean"], "an async closure");
        drop(async_block(log.clone()));
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["clean"], "an async block");
    }

    #[test]
    fn p1_one_that_is_skipped_on_cancellation_is_skipped_before_the_first_poll() {
        #[finally({ suspend().await; log.push("clean") }, on_cancel = skip, armed = call)]
        async fn borrows(log: &Log, held: OnDrop) {
            suspend().await;
            let _uses = (log, &held);
        }
        #[finally({ clean_now(); suspend() }, on_cancel = skip, armed = call)]
        async fn uses_nothing(held: OnDrop) {
            suspend().await;
            drop(held);
        }
        let log = log_of_thread();
        drop(borrows(&log, log.on_drop("held")));
        assert_eq!(log.take(), ["held"]);
        Hand::new(borrows(&log, log.on_drop("held"))).run();
        assert_eq!(log.take(), ["held", "clean"]);
        drop(uses_nothing(log.on_drop("held")));
        assert_eq!(log.take(), ["held"]);
        Hand::new(uses_nothing(log.on_drop("held"))).run();
        assert_eq!(log.take(), ["held", "clean"]);
    }

    #[test]
    fn p1_one_that_blocks_on_cancellation_ends_inside_the_drop_and_may_borrow() {
        #[finally({ suspend().await; log.push("clean") }, on_cancel = block, armed = call)]
        async fn borrows(log: &Log, held: OnDrop) {
            suspend().await;
            let _uses = (log, &held);
        }
        let _turn = exclusive();
        let log = Log::default();
        drop(borrows(&log, log.on_drop("held")));
        assert_eq!(log.take(), ["held", "clean"]);
    }

    /// Its last poll is the first one, with a signal that a caller may send, too.
    #[test]
    fn p1_a_first_poll_with_an_inert_waker_is_not_taken_for_a_cancellation() {
        let log = log_of_thread();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        {
            let polled = pin!(path(log.on_drop("held"))).poll(&mut context);
            assert!(polled.is_ready());
        }
        assert_eq!(log.take(), ["clean", "held", "clean"]);
    }
}

mod arguments {
    use super::*;

    /// The order of an `async fn` that is dropped while it is under way.
    #[test]
    fn p2_before_the_first_poll_they_are_dropped_in_the_order_of_a_plain_function_that_is_under_way() {
        #[finally(|| at_exit.push("clean"), armed = call)]
        async fn armed(log: Log, at_exit: Log, _: OnDrop, two: OnDrop, (three, _): (OnDrop, OnDrop)) {
            let _local = log.on_drop("local");
            suspend().await;
            let _uses = (&two, &three);
        }
        async fn plain(log: Log, _: OnDrop, two: OnDrop, (three, _): (OnDrop, OnDrop)) {
            let _local = log.on_drop("local");
            suspend().await;
            let _uses = (&two, &three);
        }
        let log = Log::default();
        let arguments = || {
            let four = (log.on_drop("three"), log.on_drop("four"));
            (log.on_drop("one"), log.on_drop("two"), four)
        };
        let (one, two, pair) = arguments();
        let mut hand = Hand::new(plain(log.clone(), one, two, pair));
        assert!(hand.poll().is_pending());
        drop(hand);
        let expected = log.take();
        assert_eq!(expected, ["local", "three", "four", "two", "one"]);

        let (one, two, pair) = arguments();
        let mut hand = Hand::new(armed(log.clone(), log.clone(), one, two, pair));
        assert!(hand.poll().is_pending());
        drop(hand);
        assert_eq!(log.take(), [&expected[..], &["clean".to_owned()]].concat(), "cancelled");

        let (one, two, pair) = arguments();
        Hand::new(armed(log.clone(), log.clone(), one, two, pair)).run();
        assert_eq!(log.take(), [&expected[..], &["clean".to_owned()]].concat(), "returned");

        let (one, two, pair) = arguments();
        drop(armed(log.clone(), log.clone(), one, two, pair));
        assert_eq!(log.take(), ["three", "four", "two", "one", "clean"], "never polled");
    }

    #[test]
    fn p2_one_that_the_cleanup_mentions_is_dropped_after_it() {
        #[finally(log.push(format!("clean {}", held.0)), armed = call)]
        async fn f(log: Log, held: (u8, OnDrop), other: OnDrop) {
            suspend().await;
            let _uses = (&held, &other);
        }
        let log = Log::default();
        drop(f(log.clone(), (1, log.on_drop("held")), log.on_drop("other")));
        assert_eq!(log.take(), ["other", "clean 1", "held"]);
    }

    /// A part that the pattern does not bind is a part of the argument still, and lives as long as that.
    #[test]
    fn p2_a_part_that_no_name_is_given_to_outlives_the_cleanup_that_mentions_another_part() {
        macro_rules! functions {
            ($($name:ident: $($armed:ident = $call:ident)?;)*) => { $(
                #[finally(log.push("clean") $(, $armed = $call)?)]
                async fn $name((log, _, other): (Log, OnDrop, OnDrop)) {
                    suspend().await;
                    let _uses = (&log, &other);
                }
            )* };
        }
        functions! {
            poll:;
            call: armed = call;
        }
        let log = Log::default();
        let argument = || (log.clone(), log.on_drop("unnamed"), log.on_drop("other"));

        Hand::new(poll(argument())).run();
        assert_eq!(log.take(), ["other", "clean", "unnamed"], "armed by the poll, returned");
        let future = call(argument());
        assert!(log.events().is_empty(), "nothing is dropped by the call");
        Hand::new(future).run();
        assert_eq!(log.take(), ["other", "clean", "unnamed"], "returned");
        drop(call(argument()));
        assert_eq!(log.take(), ["other", "clean", "unnamed"], "never polled");
    }
}

mod several {
    use super::*;

    #[test]
    fn p1_each_of_two_runs_the_upper_one_first() {
        #[finally(log.push(format!("upper {}", held.0)), armed = call)]
        #[finally(log.push(format!("lower {}", held.0)), armed = call)]
        async fn share_an_argument(log: Log, held: (u8, OnDrop), other: OnDrop) {
            suspend().await;
            let _uses = (&held, &other);
        }
        #[finally(|| log.push("upper"), armed = call)]
        #[finally(clean_now, armed = call)]
        async fn use_an_argument_above(log: Log) {
            suspend().await;
            drop(log.clone());
        }
        #[finally(clean_now, armed = call)]
        #[finally(|| log.push("lower"), armed = call)]
        async fn use_an_argument_below(log: Log) {
            suspend().await;
            drop(log.clone());
        }
        #[finally(log.push("one"), armed = call)]
        #[finally(clean_now, armed = call)]
        #[finally(rest.0.push("three"), armed = call)]
        async fn take_arguments_apart((log, _): (Log, OnDrop), rest: (Log, OnDrop)) {
            suspend().await;
            let _uses = (&log, &rest);
        }

        #[finally(log.push("upper"), armed = call)]
        #[finally(log.push("lower"), armed = call)]
        #[finally(clean_now, armed = call)]
        async fn leave_arguments_alone(log: Log, #[allow(unused_variables)] other: OnDrop) {}

        let log = log_of_thread();
        drop(leave_arguments_alone(log.clone(), log.on_drop("other")));
        assert_eq!(log.take(), ["other", "upper", "lower", "clean"]);
        let held = || (1, log.on_drop("held"));
        drop(share_an_argument(log.clone(), held(), log.on_drop("other")));
        assert_eq!(log.take(), ["other", "upper 1", "lower 1", "held"]);
        Hand::new(share_an_argument(log.clone(), held(), log.on_drop("other"))).run();
        assert_eq!(log.take(), ["other", "upper 1", "lower 1", "held"]);
        drop(use_an_argument_above(log.clone()));
        assert_eq!(log.take(), ["upper", "clean"]);
        drop(use_an_argument_below(log.clone()));
        assert_eq!(log.take(), ["clean", "lower"]);
        let pair = || (log.clone(), log.on_drop("unnamed"));
        drop(take_arguments_apart(pair(), (log.clone(), log.on_drop("rest"))));
        let unpolled = log.take();
        Hand::new(take_arguments_apart(pair(), (log.clone(), log.on_drop("rest")))).run();
        assert_eq!(unpolled, log.take());
        assert_eq!(unpolled, ["one", "clean", "three", "rest", "unnamed"]);
    }

    #[test]
    fn p6_two_that_are_handed_off_run_in_their_order() {
        async fn named(log: Log, name: &'static str) {
            steps(log, name, 1).await;
        }
        #[finally(named(log.clone(), "upper"), armed = call)]
        #[finally(named(log.clone(), "lower"), armed = call)]
        async fn f(log: Log) {
            suspend().await;
            drop(log.clone());
        }
        let _turn = exclusive();
        let log = Log::default();
        drop(f(log.clone()));
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["upper 0", "upper 1", "lower 0", "lower 1"]);
    }

    #[test]
    fn p1_one_above_that_is_armed_by_the_poll_is_not_run_before_it() {
        #[finally(log.push("upper"))]
        #[finally(log.push("lower"), armed = call)]
        async fn f(log: Log) {
            suspend().await;
            drop(log.clone());
        }
        let log = Log::default();
        drop(f(log.clone()));
        assert_eq!(log.take(), ["lower"]);
        let mut hand = Hand::new(f(log.clone()));
        assert!(hand.poll().is_pending());
        drop(hand);
        assert_eq!(log.take(), ["upper", "lower"]);
    }
}

#[test]
fn p6_an_enclosing_cleanup_waits_for_that_of_a_future_which_was_never_polled() {
    #[finally(clean(log.clone(), End::Succeeds))]
    async fn outer(log: Log) -> Result<(), Error> {
        let inner = subject(log.clone(), End::Succeeds, End::Succeeds);
        suspend().await;
        inner.await
    }
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(outer(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), ["clean 0", "clean 1", "clean 2", "clean 0", "clean 1", "clean 2"]);
}

#[test]
fn p4_an_argument_that_panics_when_it_is_dropped_before_the_first_poll_loses_nothing() {
    #[finally(log.push("clean"), armed = call)]
    async fn now(log: Log, bomb: OnDrop) {
        suspend().await;
        let _uses = (&log, &bomb);
    }
    #[finally(clean(log.clone(), End::Succeeds), armed = call)]
    async fn later(log: Log, bomb: OnDrop) -> Result<(), Error> {
        suspend().await;
        let _uses = (&log, &bomb);
        Ok(())
    }
    #[finally(clean_now, armed = call)]
    async fn without_argument(bomb: OnDrop) {
        suspend().await;
        let _uses = &bomb;
    }
    #[finally(suspend(), on_cancel = skip, armed = call)]
    async fn skipped(bomb: OnDrop) {
        suspend().await;
        let _uses = &bomb;
    }
    fn bomb_of(drops: impl FnOnce()) -> String {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(drops)).unwrap_err();
        *panic.downcast().unwrap()
    }

    let turn = exclusive();
    let log = log_of_thread();
    assert_eq!(bomb_of(|| drop(now(log.clone(), log.bomb("bomb")))), "bomb");
    assert_eq!(log.take(), ["bomb", "clean"]);
    assert_eq!(bomb_of(|| drop(without_argument(log.bomb("bomb")))), "bomb");
    assert_eq!(log.take(), ["bomb", "clean"]);
    assert_eq!(bomb_of(|| drop(skipped(log.bomb("bomb")))), "bomb");
    assert_eq!(log.take(), ["bomb"]);
    assert_eq!(bomb_of(|| drop(later(log.clone(), log.bomb("bomb")))), "bomb");
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), ["bomb", "clean 0", "clean 1", "clean 2"]);
    assert_eq!(turn.kinds(), []);

    let unwound = panic_of(|| {
        let _unpolled = now(log.clone(), log.bomb("bomb"));
        End::Panics.reach("caller").unwrap();
    });
    assert_eq!((unwound.0, log.take()), ("caller", vec!["bomb".to_owned(), "clean".to_owned()]));
    assert_eq!(turn.kinds(), [FailureKind::BodyPanicked]);
}

#[test]
fn p8_a_cleanup_that_fails_before_the_first_poll_is_reported() {
    let turn = exclusive();
    for (cleanup, kind) in
        [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)]
    {
        drop(sync_subject(Log::default(), End::Succeeds, cleanup));
        assert_eq!(turn.kinds(), [kind], "in place, {cleanup:?}");
        drop(subject(Log::default(), End::Succeeds, cleanup));
        finally::drain_blocking(None).unwrap();
        assert_eq!(turn.kinds(), [kind], "awaited, {cleanup:?}");
    }
}

/// A future may be moved between its construction, which arms it, and its first poll.
#[test]
fn p1_a_future_that_is_moved_before_it_is_dropped_is_cleaned_up_after_once() {
    let log = Log::default();
    let futures = vec![Some(sync_subject(log.clone(), End::Succeeds, End::Succeeds)), None];
    let mut boxed: Box<[_]> = futures.into_boxed_slice();
    boxed.swap(0, 1);
    assert!(log.events().is_empty());
    drop(boxed);
    assert_eq!(log.take(), ["clean"]);
}
