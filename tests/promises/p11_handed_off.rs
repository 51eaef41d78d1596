//! P11: waits that go on elsewhere, or inside a drop, end as well.

use std::future::pending;

use finally::{FinallyExt, Scope, finally, guard};
use tokio::sync::oneshot;

use crate::support::{
    Log, exclusive,
    hand::Hand,
    scene::{cancel, drained, ends},
    suspend,
};

/// Its cleanup ends at a signal.
#[finally(async move { until.await.unwrap(); log.push("gated") })]
async fn gated(log: Log, until: oneshot::Receiver<()>) {
    pending::<()>().await;
    let _uses = (&log, &until);
}

/// Its cleanup suspends once.
#[finally(async { suspend().await; log.push("inner") })]
async fn inner(log: Log) {
    pending::<()>().await;
    let _uses = &log;
}

#[test]
fn p11_a_drain_that_is_handed_off_half_way_does_not_wait_for_its_own_cleanup() {
    #[finally(async move { finally::drain().await; log.push("drained") })]
    async fn drains(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    let _turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel();
    cancel(gated(log.clone(), until));
    let mut hand = Hand::new(drains(log.clone()));
    assert!(hand.poll().is_pending());
    assert!(hand.poll().is_pending(), "it waits for the other cleanup, inline");
    drop(hand);
    end.send(()).unwrap();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["gated", "drained"]);
}

#[test]
fn p11_a_close_that_is_handed_off_while_it_waits_is_no_obstacle_to_a_drain() {
    let _turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel::<()>();
    let mut scope: Scope = Scope::new();
    let last = log.clone();
    scope.defer(move || last.push("last of the scope"));
    let drained = log.clone();
    scope.defer(move || async move {
        cancel(pending::<()>().finally(move || async move {
            until.await.unwrap();
            finally::drain().await;
            drained.push("drained");
        }));
    });
    let mut hand = Hand::new(scope.close());
    assert!(hand.poll().is_pending(), "it waits for what its cleanup has cancelled");
    drop(hand);
    end.send(()).unwrap();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["drained", "last of the scope"]);
}

#[test]
fn p11_a_drop_that_drains_ends_inside_of_a_drop_that_keeps_cleanups() {
    struct Drains(Log);

    impl Drop for Drains {
        fn drop(&mut self) {
            finally::drain_blocking(None).unwrap();
            self.0.push("drained");
        }
    }
    #[finally(async { suspend().await; log.push("outer") })]
    async fn outer(log: Log) {
        let _drains = Drains(log.clone());
        inner(log.clone()).await;
    }
    let _turn = exclusive();
    let log = Log::default();
    cancel(outer(log.clone()));
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["inner", "drained", "outer"]);
}

/// A drain of ours cannot know that the executor around it blocks a drop.
mod a_drain_that_another_executor_blocks_on {
    use std::time::Duration;

    use finally::Tracker;
    use futures::executor::block_on;

    use super::*;

    /// Cancels a call whose cleanup suspends, and drains inside the drop of a body around it.
    fn ends_inside_of_a_drop(drain: fn(&Tracker)) {
        struct Drains(Log, Tracker, fn(&Tracker));

        impl Drop for Drains {
            fn drop(&mut self) {
                self.2(&self.1);
                self.0.push("drained");
            }
        }
        #[finally(async { suspend().await; log.push("outer") })]
        async fn outer(log: Log, drain: fn(&Tracker)) {
            let tracker = Tracker::new();
            let drains = Drains(log.clone(), tracker.clone(), drain);
            tracker.track_future(inner(log.clone())).await;
            drop(drains);
        }
        let _turn = exclusive();
        let log = Log::default();
        let events = log.clone();
        ends(move || cancel(outer(log, drain)));
        drained();
        assert_eq!(events.events(), ["inner", "drained", "outer"]);
    }

    #[test]
    fn p11_ends_inside_of_a_drop() {
        ends_inside_of_a_drop(|_| block_on(finally::drain()));
    }

    #[test]
    fn p11_with_a_limit_ends_inside_of_a_drop() {
        ends_inside_of_a_drop(|_| block_on(finally::drain_timeout(Duration::MAX)).unwrap());
    }

    #[test]
    fn p11_of_a_tracker_ends_inside_of_a_drop() {
        ends_inside_of_a_drop(|tracker| block_on(tracker.drain()));
    }

    #[test]
    fn p11_ends_where_a_cleanup_is_evaluated() {
        fn drain_and_clean(log: &Log) -> impl Future<Output = ()> + Send + 'static {
            block_on(finally::drain());
            log.push("drained");
            let log = log.clone();
            async move { log.push("outer") }
        }
        #[finally(drain_and_clean(&log))]
        async fn outer(log: Log) {
            inner(log.clone()).await;
        }
        let _turn = exclusive();
        let log = Log::default();
        let events = log.clone();
        ends(move || cancel(outer(log)));
        drained();
        assert_eq!(events.events(), ["inner", "drained", "outer"]);
    }
}

#[test]
fn p11_a_cleanup_that_blocks_inside_of_a_dropped_body_gets_what_its_sibling_gives_back() {
    use finally::block_on_cancel;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    #[finally(async { log.push("outer") })]
    async fn outer(log: Log, one: Arc<Semaphore>) {
        let permit = one.clone().acquire_owned().await.unwrap();
        let (blocks, gives) = (log.clone(), log.clone());
        let taken = one.clone();
        // Dropped in reverse order: the cleanup that gives the permit back is kept, and then the other one blocks for it.
        let _blocks = guard((), move |()| {
            block_on_cancel(async move {
                drop(taken.acquire().await.unwrap());
                blocks.push("taken");
            })
        });
        let _gives = guard(permit, move |permit| async move {
            suspend().await;
            gives.push("given back");
            drop(permit);
        });
        pending::<()>().await;
    }
    let _turn = exclusive();
    let log = Log::default();
    cancel(outer(log.clone(), Arc::new(Semaphore::new(1))));
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["given back", "taken", "outer"]);
}

#[test]
fn p6_a_scope_polls_a_cleanup_after_what_its_call_has_cancelled() {
    let _turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel();
    let mut scope: Scope = Scope::new();
    let (cancelled, cleanup) = (log.clone(), log.clone());
    scope.defer(move || {
        cancel(gated(cancelled, until));
        async move { cleanup.push("cleanup") }
    });
    let mut hand = Hand::new(scope.close());
    assert!(hand.poll().is_pending());
    end.send(()).unwrap();
    hand.run().unwrap();
    assert_eq!(log.events(), ["gated", "cleanup"]);
}

#[test]
fn p6_a_panic_in_the_conversion_of_an_error_waits_for_what_the_cleanup_has_cancelled() {
    #[derive(Debug)]
    struct Converted;

    impl From<std::fmt::Error> for Converted {
        fn from(_: std::fmt::Error) -> Self {
            std::panic::panic_any(crate::support::Panic("conversion"));
        }
    }
    let _turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel();
    let cancelled = log.clone();
    let mut hand = Hand::new(async { Ok::<(), Converted>(()) }.finally(move || async move {
        cancel(gated(cancelled, until));
        Err(std::fmt::Error)
    }));
    assert!(hand.poll().is_pending(), "the panic waits");
    end.send(()).unwrap();
    let panic = crate::support::panic_of(|| hand.run());
    assert_eq!((panic.0, log.events()), ("conversion", vec!["gated".to_owned()]));
}

#[test]
fn p9_a_cleanup_that_comes_while_the_background_thread_ends_is_not_lost() {
    let turn = exclusive();
    let log = Log::default();
    // The worker of the thread ends after its place is free, and hands this off on its way out.
    struct HandsOff(Log);

    impl Drop for HandsOff {
        fn drop(&mut self) {
            let log = self.0.clone();
            cancel(pending::<()>().finally(move || async move { log.push("handed off at the end") }));
        }
    }
    thread_local! {
        static AT_THE_END: std::cell::RefCell<Option<HandsOff>> = const { std::cell::RefCell::new(None) };
    }
    let (first, left) = (log.clone(), log.clone());
    cancel(pending::<()>().finally(move || async move {
        AT_THE_END.set(Some(HandsOff(left)));
        first.push("first");
    }));
    finally::drain_blocking(None).unwrap();
    while log.events().len() < 2 {
        std::thread::yield_now();
    }
    assert_eq!(log.events(), ["first", "handed off at the end"]);
    assert_eq!(turn.kinds(), []);
}
