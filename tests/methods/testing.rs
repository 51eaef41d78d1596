//! The helpers for tests of code that cleans up.

use finally::{FailureKind, FinallyExt, testing};

use crate::support::{Error, Exclusive, exclusive, hand::Hand, suspend};

/// Takes a turn, and forgets what other tests of this process have lost on purpose.
fn nothing_lost_yet() -> Exclusive {
    let turn = exclusive();
    let _ = std::panic::catch_unwind(testing::quiesce_blocking);
    turn
}

#[test]
fn quiesce_waits_for_what_is_detached() {
    let _turn = nothing_lost_yet();
    let mut hand = Hand::new(std::future::pending::<()>().finally(suspend));
    assert!(hand.poll().is_pending());
    drop(hand);
    testing::quiesce_blocking();
    assert_eq!(finally::detached(), 0);
    crate::support::hand::run(testing::quiesce());
}

#[test]
fn quiesce_fails_a_test_that_lost_a_cleanup() {
    #[finally::finally({ suspend().await; assert_eq!(value, "value") }, on_cancel = block)]
    async fn blocks(value: &str) {
        std::future::pending::<()>().await;
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
