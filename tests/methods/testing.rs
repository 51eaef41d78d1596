//! The helpers for tests of code that cleans up.

use std::future::pending;

use finally::{FailureKind, FinallyExt, testing};
use tokio::sync::oneshot;

use crate::support::{
    Error, Exclusive, Log, exclusive,
    hand::Hand,
    runtimes,
    scene::{cancel, drained, held, in_turns, let_others_go_on},
    suspend,
};

/// Hands off a cleanup that ends when the gate opens.
fn detach() -> oneshot::Sender<()> {
    let (opens, gate) = oneshot::channel();
    cancel(held(Log::default(), "held", gate));
    opens
}

/// Takes a turn, and discards the failures that other tests of this process have caused on purpose.
fn nothing_lost_yet() -> Exclusive {
    let turn = exclusive();
    nothing_lost(&turn);
    turn
}

#[test]
fn quiesce_waits_for_what_is_detached() {
    let _turn = nothing_lost_yet();
    let mut hand = Hand::new(pending::<()>().finally(suspend));
    assert!(hand.poll().is_pending());
    drop(hand);
    testing::quiesce_blocking();
    assert_eq!(finally::detached(), 0);
    crate::support::hand::run(testing::quiesce());
}

#[test]
fn quiesce_waits_for_the_cleanup_of_a_task_that_was_aborted_just_now() {
    let _turn = nothing_lost_yet();
    in_turns(async {
        let (opens, gate) = oneshot::channel();
        let task = tokio::spawn(held(Log::default(), "held", gate));
        tokio::task::yield_now().await;
        task.abort();
        let mut quiesce = Hand::new(testing::quiesce());
        while finally::detached() == 0 {
            assert!(quiesce.poll().is_pending(), "it lets the task be dropped");
            tokio::task::yield_now().await;
        }
        for _ in 0..10 {
            assert!(quiesce.poll().is_pending(), "it waits for the cleanup");
        }
        opens.send(()).unwrap();
        let_others_go_on().await;
        quiesce.run();
    });
}

#[test]
fn quiesce_waits_for_a_task_on_another_thread_that_is_tracked() {
    let _turn = nothing_lost_yet();
    let test = testing::track();
    let runtime = runtimes::multi_thread();
    let (opens, gate) = oneshot::channel();
    let (polled, is_polled) = std::sync::mpsc::channel();
    let task = runtime.spawn(test.track_future(async move {
        polled.send(()).unwrap();
        held(Log::default(), "held", gate).await;
    }));
    is_polled.recv().unwrap();
    task.abort();
    opens.send(()).unwrap();
    testing::quiesce_blocking();
    assert!(test.tracker().is_empty());
}

#[test]
fn quiesce_does_not_wait_for_the_cleanups_of_another_test() {
    let _turn = nothing_lost_yet();
    let opens = std::thread::spawn(|| {
        let _other = testing::track();
        detach()
    });
    let opens = opens.join().unwrap();
    {
        let test = testing::track();
        let mut hand = Hand::new(pending::<()>().finally(suspend));
        assert!(hand.poll().is_pending());
        drop(hand);
        testing::quiesce_blocking();
        assert!(test.tracker().is_empty());
    }
    assert_eq!(finally::running().len(), 1);
    opens.send(()).unwrap();
    drained();
}

#[test]
fn a_tracked_test_has_the_cleanups_of_its_thread_and_nobody_elses() {
    let _turn = nothing_lost_yet();
    let outer = testing::track();
    let in_outer = detach();
    let inner = testing::track();
    let in_inner = detach();
    let elsewhere = std::thread::spawn(detach).join().unwrap();
    assert_eq!((outer.tracker().len(), inner.tracker().len()), (1, 1));
    drop(inner);
    let in_outer_again = detach();
    assert_eq!(outer.tracker().len(), 2);
    drop(outer);
    for opens in [in_outer, in_inner, elsewhere, in_outer_again] {
        opens.send(()).unwrap();
    }
    drained();
}

#[test]
fn p11_a_drain_inside_of_a_tracked_future_of_the_test_does_not_wait_for_that_future() {
    let _turn = nothing_lost_yet();
    let test = testing::track();
    assert!(Hand::new(test.track_future(test.tracker().drain())).poll().is_ready());
}

#[test]
fn quiesce_fails_for_a_cleanup_that_a_tracked_test_lost_and_for_no_other() {
    #[finally::finally({ suspend().await; assert_eq!(value, "value") }, on_cancel = block)]
    async fn blocks(value: &str) {
        pending::<()>().await;
    }
    let turn = nothing_lost_yet();
    let lose = || {
        runtimes::current_thread().block_on(async {
            let mut hand = Hand::new(blocks("value"));
            assert!(hand.poll().is_pending());
            drop(hand);
        });
    };
    std::thread::scope(|scope| scope.spawn(lose).join().unwrap());
    let test = testing::track();
    testing::quiesce_blocking();
    lose();
    let panic = std::panic::catch_unwind(testing::quiesce_blocking).unwrap_err();
    assert_eq!(*panic.downcast::<String>().unwrap(), "the test leaves something behind: 1 cleanup is lost");
    testing::quiesce_blocking();
    drop(test);
    assert_eq!(turn.kinds(), [FailureKind::Lost, FailureKind::Lost]);
    nothing_lost(&turn);
}

/// Discards the failures that the test has caused on purpose.
fn nothing_lost(_: &Exclusive) {
    let _ = std::panic::catch_unwind(testing::quiesce_blocking);
}

#[test]
fn quiesce_fails_a_test_that_lost_a_cleanup() {
    #[finally::finally({ suspend().await; assert_eq!(value, "value") }, on_cancel = block)]
    async fn blocks(value: &str) {
        pending::<()>().await;
    }
    let turn = nothing_lost_yet();
    let runtime = crate::support::runtimes::current_thread();
    runtime.block_on(async {
        let mut hand = Hand::new(blocks("value"));
        assert!(hand.poll().is_pending());
        drop(hand);
    });
    assert_eq!(turn.kinds(), [FailureKind::Lost]);
    let panic = std::panic::catch_unwind(testing::quiesce_blocking).unwrap_err();
    assert_eq!(*panic.downcast::<String>().unwrap(), "the test leaves something behind: 1 cleanup is lost");
    testing::quiesce_blocking();
}

#[test]
fn capture_collects_failures_and_then_gives_the_hook_back() {
    let turn = exclusive();
    let fails = || async { Err::<(), _>(Error("body")) }.finally(|| Err::<(), _>(Error("cleanup")));
    {
        let failures = testing::capture();
        let _ = Hand::new(fails()).run();
        let captured = failures.take();
        assert_eq!(captured.len(), 1);
        assert_eq!(
            (captured[0].kind(), captured[0].message()),
            (FailureKind::CleanupFailed, "Error(\"cleanup\")")
        );
        assert_eq!(captured[0].location().file(), file!());
        assert!(failures.take().is_empty());
    }
    assert!(turn.failures().is_empty());
    let _ = Hand::new(fails()).run();
    assert_eq!(turn.kinds(), [FailureKind::CleanupFailed]);
}
