//! `block_on_cancel`, `skip_on_cancel` and `replace_on_cancel`: cleanups that may borrow and be `!Send`.

use std::{cell::Cell, rc::Rc};

use finally::{
    FailureKind, FinallyExt, Guard, block_on_cancel, finally, guard, replace_on_cancel, skip_on_cancel,
};

use crate::support::{
    ENDS, End, Error, Log, Panic, account, exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after, observe},
    runtimes, steps, suspend,
};

async fn clean(log: &Log, local: Rc<Cell<u8>>, end: End) -> Result<(), Error> {
    steps(log.clone(), "clean", 1).await;
    local.set(local.get() + 1);
    end.reach("cleanup")
}

async fn body(end: End) -> Result<(), Error> {
    suspend().await;
    end.reach("body")
}

#[test]
fn on_a_value_an_error_and_a_panic_they_are_awaited_inline() {
    let turn = exclusive();
    for end in ENDS {
        let (log, local) = (Log::default(), Rc::default());
        Hand::new(observe(
            body(end).finally(|| skip_on_cancel(clean(&log, Rc::clone(&local), End::Succeeds))),
        ))
        .run();
        Hand::new(observe(
            body(end).finally(|| block_on_cancel(clean(&log, Rc::clone(&local), End::Succeeds))),
        ))
        .run();
        assert_eq!((log.count("clean 1"), local.get()), (2, 2), "{end:?}");
    }
    for cleanup in [End::Fails, End::Panics] {
        let (log, local) = (Log::default(), Rc::default());
        let outcome =
            Hand::new(observe(body(End::Succeeds).finally(|| skip_on_cancel(clean(&log, local, cleanup)))))
                .run();
        assert_ne!(outcome, Outcome::Returned(Ok(())), "P7");
        let outcome = Hand::new(observe(
            body(End::Fails).finally(|| block_on_cancel(clean(&log, Rc::default(), cleanup))),
        ))
        .run();
        assert_eq!(outcome, Outcome::Returned(Err(Error("body"))), "P7");
        assert_eq!(turn.failures().len(), 1, "P8");
    }
}

#[test]
fn on_cancellation_one_that_blocks_ends_inside_the_drop() {
    let _turn = exclusive();
    for pendings in 1..=2 {
        let (log, local) = (Log::default(), Rc::default());
        let mut hand = Hand::new(
            body(End::Succeeds).finally(|| block_on_cancel(clean(&log, Rc::clone(&local), End::Succeeds))),
        );
        (0..pendings).for_each(|_| assert!(hand.poll().is_pending()));
        drop(hand);
        assert_eq!((log.events(), local.get()), (vec!["clean 0".to_owned(), "clean 1".to_owned()], 1));
    }
}

#[test]
fn on_cancellation_one_that_skips_is_not_polled_any_more() {
    let _turn = exclusive();
    for (pendings, events) in [(1, vec![]), (2, vec!["clean 0"])] {
        let log = Log::default();
        let mut hand = Hand::new(
            body(End::Succeeds).finally(|| skip_on_cancel(clean(&log, Rc::default(), End::Succeeds))),
        );
        (0..pendings).for_each(|_| assert!(hand.poll().is_pending()));
        drop(hand);
        assert_eq!(log.events(), events);
    }
}

#[cfg(feature = "tokio")]
#[test]
fn where_blocking_would_deadlock_it_is_reported_as_lost() {
    let turn = exclusive();
    let log = Log::default();
    runtimes::current_thread().block_on(cancel_after(
        1,
        body(End::Succeeds).finally(|| block_on_cancel(clean(&log, Rc::default(), End::Succeeds))),
    ));
    assert_eq!(turn.kinds(), [finally::FailureKind::Lost]);
}

#[test]
fn a_method_by_reference_may_return_one_from_its_attribute() {
    struct Lease(Log);

    impl Lease {
        async fn release(&self) {
            steps(self.0.clone(), "release", 1).await;
        }

        #[finally(block_on_cancel(self.release()))]
        async fn renew(&self) {
            suspend().await;
        }
    }
    let _turn = exclusive();
    let lease = Lease(Log::default());
    Hand::new(lease.renew()).run();
    let mut hand = Hand::new(lease.renew());
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(lease.0.events(), ["release 0", "release 1", "release 0", "release 1"]);
}

#[test]
fn one_that_may_be_replaced_is_awaited_inline_on_a_value_an_error_and_a_panic() {
    let turn = exclusive();
    for (end, cleanup) in ENDS.into_iter().flat_map(|end| ENDS.map(|cleanup| (end, cleanup))) {
        let (log, local) = (Log::default(), Rc::default());
        let handler =
            || replace_on_cancel(clean(&log, Rc::clone(&local), cleanup), || log.push("not reached"));
        let outcome = Hand::new(observe(body(end).finally(handler))).run();
        assert_eq!(outcome, account::expected(end, cleanup));
        assert_eq!(log.events(), ["clean 0", "clean 1"]);
        let both = end != End::Succeeds && cleanup != End::Succeeds;
        assert_eq!(turn.failures().len(), usize::from(both), "P8");
    }
}

#[test]
fn one_that_may_be_replaced_is_replaced_on_cancellation_in_the_body_and_half_way() {
    let turn = exclusive();
    for (pendings, end) in [(1, End::Succeeds), (2, End::Succeeds), (2, End::Fails), (2, End::Panics)] {
        for replacement in ENDS {
            let log = Log::default();
            let (borrowed, owned) = (&log, log.clone());
            let handler = move || {
                replace_on_cancel(clean(borrowed, Rc::default(), End::Succeeds), move || {
                    owned.push("instead");
                    async move {
                        steps(owned, "instead", 1).await;
                        replacement.reach("replacement")
                    }
                })
            };
            Hand::new(cancel_after(pendings, body(end).finally(handler))).run();
            finally::drain_blocking(None).unwrap();
            let events = ["clean 0", "instead", "instead 0", "instead 1"];
            assert_eq!(log.events(), events[2 - pendings..]);
            let of_body = match end {
                End::Succeeds => None,
                End::Fails => Some(FailureKind::BodyFailed),
                End::Panics => Some(FailureKind::BodyPanicked),
            };
            let of_replacement = match replacement {
                End::Succeeds => None,
                End::Fails => Some(FailureKind::CleanupFailed),
                End::Panics => Some(FailureKind::CleanupPanicked),
            };
            assert_eq!(turn.kinds(), of_body.into_iter().chain(of_replacement).collect::<Vec<_>>());
        }
    }
}

#[test]
fn p6_a_replacement_waits_for_what_the_cleanup_has_cancelled() {
    let _turn = exclusive();
    let log = Log::default();
    let owned = log.clone();
    let inner = std::future::pending::<()>().finally(|| steps(owned, "inner", 1));
    let handler = || replace_on_cancel(inner, || steps(log.clone(), "instead", 0));
    let mut hand = Hand::new(async {}.finally(handler));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["inner 0", "inner 1", "instead 0"]);
}

#[test]
fn p1_a_handler_that_panics_has_ended_and_is_not_replaced() {
    let turn = exclusive();
    let log = Log::default();
    let handler = || {
        if log.events().is_empty() {
            std::panic::panic_any(Panic("handler"));
        }
        replace_on_cancel(suspend(), || log.push("instead"))
    };
    Hand::new(cancel_after(1, body(End::Succeeds).finally(handler))).run();
    assert_eq!(log.events(), [""; 0]);
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}

#[test]
fn a_replacement_that_is_not_async_runs_inside_the_drop() {
    let log = Log::default();
    for pendings in 1..=2 {
        let handler = || replace_on_cancel(suspend(), || log.push("instead"));
        Hand::new(cancel_after(pendings, body(End::Succeeds).finally(handler))).run();
        assert_eq!(log.take().join(" "), "instead");
    }
}

#[test]
fn a_guard_that_is_dropped_is_replaced_and_one_that_is_released_is_not() {
    let log = Log::default();
    let clean = |name: &'static str| replace_on_cancel(steps(log.clone(), name, 1), || log.push("instead"));
    drop(guard("clean", clean));
    assert_eq!(log.take(), ["instead"]);
    Hand::new(Guard::release(guard("clean", clean))).run();
    assert_eq!(log.take(), ["clean 0", "clean 1"]);
    Hand::new(cancel_after(1, Guard::release(guard("clean", clean)))).run();
    assert_eq!(log.events(), ["clean 0", "instead"]);
}

#[test]
fn a_dropped_guard_blocks_on_one() {
    let _turn = exclusive();
    let log = Log::default();
    drop(guard(1, |_| block_on_cancel(steps(log.clone(), "clean", 1))));
    assert_eq!(log.events(), ["clean 0", "clean 1"]);
}

#[test]
fn in_a_local_set_one_that_is_ready_at_once_is_not_lost() {
    let _turn = exclusive();
    for runtime in [runtimes::current_thread(), runtimes::multi_thread()] {
        let log = Log::default();
        let seen = log.clone();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async {
            tokio::task::spawn_local(async move {
                let cleanup = || block_on_cancel(async { log.push("clean") });
                cancel_after(1, body(End::Succeeds).finally(cleanup)).await;
            })
            .await
            .unwrap();
        });
        assert_eq!(seen.events(), ["clean"], "{:?}", runtime.handle().runtime_flavor());
    }
}
