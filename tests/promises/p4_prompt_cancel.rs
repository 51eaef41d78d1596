//! P4: dropping never blocks and never panics on our account. A sync cleanup runs inside the drop; an async one is handed
//! off.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    task::{Context, Poll, Wake, Waker},
};

use finally::{FailureKind, finally};

use crate::{
    subject,
    support::{End, Log, exclusive, hand::Hand, panic_of, suspend},
    sync_subject,
};

#[test]
fn p4_a_sync_cleanup_runs_inside_the_drop() {
    let log = Log::default();
    let mut hand = Hand::new(sync_subject(log.clone(), End::Succeeds, End::Succeeds));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.events(), ["body 0", "body dropped", "clean"]);
}

#[test]
fn p4_an_async_cleanup_is_handed_off_and_the_drop_returns_before_it_ends() {
    #[finally(async move { until.await.unwrap(); log.push("clean") })]
    async fn f(log: Log, until: futures::channel::oneshot::Receiver<()>) {
        suspend().await;
        let _uses = (&log, &until);
    }
    let _turn = exclusive();
    let (end, until) = futures::channel::oneshot::channel();
    let log = Log::default();
    let mut hand = Hand::new(f(log.clone(), until));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(finally::detached(), 1, "the drop has returned, and the cleanup waits");
    end.send(()).unwrap();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["clean"]);
}

/// The last clone of the waker is that of the wait for the inner cleanup.
#[test]
fn p4_a_waker_whose_drop_panics_loses_no_cleanup() {
    struct Fragile;

    impl Wake for Fragile {
        fn wake(self: Arc<Self>) {
            std::mem::forget(self);
        }
    }

    impl Drop for Fragile {
        fn drop(&mut self) {
            panic!("the waker is dropped");
        }
    }

    #[finally(async move { until.await.unwrap(); log.push("inner") })]
    async fn inner(log: Log, until: futures::channel::oneshot::Receiver<()>) {
        suspend().await;
        let _uses = (&log, &until);
    }

    #[finally(async move { log.push("outer") })]
    async fn outer(log: Log, until: futures::channel::oneshot::Receiver<()>) {
        let mut inner = Hand::new(inner(log.clone(), until));
        assert!(inner.poll().is_pending());
    }

    let _turn = exclusive();
    let (end, until) = futures::channel::oneshot::channel();
    let log = Log::default();
    let dropped = {
        let mut outer = Box::pin(outer(log.clone(), until));
        let waker = Waker::from(Arc::new(Fragile));
        assert_eq!(outer.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
        drop(waker);
        catch_unwind(AssertUnwindSafe(|| drop(outer)))
    };
    end.send(()).unwrap();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["inner", "outer"]);
    assert!(dropped.is_ok(), "the drop panics");
}

#[test]
fn p4_a_cleanup_that_fails_or_panics_does_not_make_the_drop_panic() {
    let turn = exclusive();
    for (cleanup, kind) in
        [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)]
    {
        let mut hand = Hand::new(sync_subject(Log::default(), End::Succeeds, cleanup));
        assert!(hand.poll().is_pending());
        drop(hand);
        assert_eq!(turn.kinds(), [kind], "in place, {cleanup:?}");

        let mut hand = Hand::new(subject(Log::default(), End::Succeeds, cleanup));
        assert!(hand.poll().is_pending());
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(turn.kinds(), [kind], "awaited, {cleanup:?}");
    }
}

#[test]
fn p4_dropped_while_the_thread_unwinds_a_cleanup_still_runs() {
    let turn = exclusive();
    for cleanup in [End::Succeeds, End::Panics] {
        for sync in [true, false] {
            let log = Log::default();
            let unwound = panic_of(|| {
                let mut one = Hand::new(sync_subject(log.clone(), End::Succeeds, cleanup));
                let mut other = Hand::new(subject(log.clone(), End::Succeeds, cleanup));
                if sync {
                    assert!(one.poll().is_pending());
                } else {
                    assert!(other.poll().is_pending());
                }
                End::Panics.reach("caller").unwrap();
            });
            assert_eq!(unwound.0, "caller");
            finally::drain_blocking(None).unwrap();
            let cleaned: &[&str] = if sync { &["clean"] } else { &["clean 0", "clean 1", "clean 2"] };
            assert_eq!(log.events()[2..], *cleaned);
            assert_eq!(turn.kinds().len(), usize::from(cleanup == End::Panics));
        }
    }
}

mod panics_while_the_body_is_dropped {
    use super::*;

    #[finally(log.push("clean"))]
    async fn sync_bomb(log: Log) {
        let _bomb = log.bomb("bomb");
        suspend().await;
        std::mem::forget(_bomb);
    }

    #[finally(clean(log.clone()))]
    async fn async_bomb(log: Log) {
        let _bomb = log.bomb("bomb");
        suspend().await;
        std::mem::forget(_bomb);
    }

    async fn clean(log: Log) {
        suspend().await;
        log.push("clean");
    }

    #[test]
    fn p4_the_panic_goes_on_to_the_dropper_after_the_cleanup_is_safe() {
        let _turn = exclusive();
        let log = Log::default();
        let mut hand = Hand::new(sync_bomb(log.clone()));
        assert!(hand.poll().is_pending());
        let panic = catch_unwind(AssertUnwindSafe(|| drop(hand))).unwrap_err();
        assert_eq!(*panic.downcast::<String>().unwrap(), "bomb");
        assert_eq!(log.take(), ["bomb", "clean"]);

        let mut hand = Hand::new(async_bomb(log.clone()));
        assert!(hand.poll().is_pending());
        let panic = catch_unwind(AssertUnwindSafe(|| drop(hand))).unwrap_err();
        assert_eq!(*panic.downcast::<String>().unwrap(), "bomb");
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["bomb", "clean"]);
    }

    #[test]
    fn p4_while_the_thread_unwinds_it_is_reported_and_does_not_abort() {
        let turn = exclusive();
        let log = Log::default();
        let unwound = panic_of(|| {
            let mut hand = Hand::new(sync_bomb(log.clone()));
            assert!(hand.poll().is_pending());
            End::Panics.reach("caller").unwrap();
        });
        assert_eq!(unwound.0, "caller");
        assert_eq!(log.take(), ["bomb", "clean"]);
        assert_eq!(turn.kinds(), [FailureKind::BodyPanicked]);
    }

    /// A string may be the text of a format, in which an argument stands.
    #[test]
    fn p4_an_argument_that_only_a_string_names_loses_nothing() {
        #[finally(clean_with(log.clone(), "{bomb}").await)]
        async fn f(log: Log, bomb: crate::support::OnDrop) {
            suspend().await;
            let _uses = (&log, &bomb);
        }
        async fn clean_with(log: Log, _: &str) {
            clean(log).await;
        }
        let _turn = exclusive();
        let log = Log::default();
        let mut hand = Hand::new(f(log.clone(), log.bomb("bomb")));
        let panic = catch_unwind(AssertUnwindSafe(|| hand.run())).unwrap_err();
        assert_eq!(*panic.downcast::<String>().unwrap(), "bomb");
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["bomb", "clean"]);
    }

    #[test]
    fn p4_an_argument_that_panics_when_it_is_dropped_loses_nothing() {
        #[finally(clean_with(log.clone(), &bomb))]
        async fn f(log: Log, bomb: crate::support::OnDrop) {
            suspend().await;
            let _uses = (&log, &bomb);
        }
        fn clean_with(log: Log, _: &crate::support::OnDrop) -> impl Future<Output = ()> + use<> {
            clean(log)
        }
        let turn = exclusive();
        let log = Log::default();

        let mut hand = Hand::new(f(log.clone(), log.bomb("bomb")));
        assert!(hand.poll().is_pending());
        let panic = catch_unwind(AssertUnwindSafe(|| drop(hand))).unwrap_err();
        assert_eq!(*panic.downcast::<String>().unwrap(), "bomb");
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["bomb", "clean"], "cancelled");

        let mut hand = Hand::new(f(log.clone(), log.bomb("bomb")));
        let panic = catch_unwind(AssertUnwindSafe(|| hand.run())).unwrap_err();
        assert_eq!(*panic.downcast::<String>().unwrap(), "bomb");
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["bomb", "clean"], "returned");

        let unwound = panic_of(|| {
            let mut hand = Hand::new(f(log.clone(), log.bomb("bomb")));
            assert!(hand.poll().is_pending());
            End::Panics.reach("caller").unwrap();
        });
        assert_eq!(unwound.0, "caller");
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), ["bomb", "clean"], "unwound");
        assert_eq!(turn.kinds(), [FailureKind::BodyPanicked]);
    }
}

#[test]
fn p4_dropped_where_no_runtime_is_the_cleanup_runs_on_a_thread_of_our_own() {
    #[finally(async move { suspend().await; at_exit.send(std::thread::current().name().map(String::from)).unwrap() })]
    async fn f(at_exit: mpsc::Sender<Option<String>>) {
        suspend().await;
        let _uses = &at_exit;
    }
    let _turn = exclusive();
    let (at_exit, seen) = mpsc::channel();
    let mut hand = Hand::new(f(at_exit));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(seen.recv().unwrap().as_deref(), Some("finally"));
}
