//! `block_on_cancel` and `skip_on_cancel`: cleanups that may borrow and be `!Send`.

use std::{cell::Cell, rc::Rc};

use finally::{FinallyExt, block_on_cancel, finally, guard, skip_on_cancel};

use crate::support::{
    ENDS, End, Error, Log, exclusive,
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
