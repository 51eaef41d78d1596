//! P9: the background thread lingers, gives tasks time to end, and reports each cleanup that it cannot run.

use std::{
    sync::mpsc,
    thread::{self, ThreadId},
};

use finally::finally;

use crate::support::{
    exclusive,
    scene::{cancel, drained},
    suspend,
};

/// Says on which thread its cleanup runs.
#[finally(async move { suspend().await; at_exit.send(thread::current().id()).unwrap() })]
async fn tells_the_thread(at_exit: mpsc::Sender<ThreadId>) {
    suspend().await;
    let _uses = &at_exit;
}

#[test]
fn p9_cleanups_one_after_the_other_run_on_the_same_thread() {
    let _turn = exclusive();
    let (at_exit, threads) = mpsc::channel();
    for _ in 0..50 {
        cancel(tells_the_thread(at_exit.clone()));
        drained();
    }
    drop(at_exit);
    let threads: Vec<_> = threads.iter().collect();
    assert_eq!(threads, [threads[0]; 50]);
}

/// The task takes longer than the thread lingers, and says how it ends.
#[cfg(feature = "tokio")]
#[test]
fn p9_a_task_that_a_cleanup_has_spawned_is_given_time_to_end() {
    use std::time::Duration;

    const LONGER_THAN_IT_LINGERS: Duration = Duration::from_secs(4);

    #[finally(async move { drop(tokio::spawn(task(ended))) })]
    async fn spawns(ended: mpsc::Sender<&'static str>) {
        suspend().await;
        let _uses = &ended;
    }
    /// Its sender is dropped with it.
    async fn task(ended: mpsc::Sender<&'static str>) {
        tokio::time::sleep(LONGER_THAN_IT_LINGERS).await;
        ended.send("to its end").unwrap();
    }
    let (ended, ends) = mpsc::channel();
    {
        let _turn = exclusive();
        cancel(spawns(ended));
        drained();
    }
    assert_eq!(ends.recv(), Ok("to its end"));
}

/// The stack that a new thread would get is larger than any address space, in a process of its own.
#[cfg(target_os = "linux")]
#[test]
fn p9_where_no_thread_can_be_started_each_cleanup_is_reported_once() {
    use finally::{FailureKind, FinallyExt};

    use crate::support::{Log, hand::Hand, scene::apart, steps};

    #[finally(steps(log.clone(), "inner", 1))]
    async fn inner(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    #[finally(steps(log.clone(), "outer", 1))]
    async fn outer(log: Log) {
        inner(log.clone()).await;
    }
    #[finally(steps(log.clone(), "around", 1))]
    async fn around(log: Log) {
        tokio::join!(outer(log.clone()), inner(log.clone()));
    }
    #[finally(async { suspend().await; log.push("clean") })]
    async fn cancels(log: Log) {
        cancel(inner(log.clone()));
    }

    let name = "p9_background_thread::p9_where_no_thread_can_be_started_each_cleanup_is_reported_once";
    if apart(name, &[("RUST_MIN_STACK", "1000000000000000")]).is_some() {
        return;
    }
    assert!(thread::Builder::new().spawn(|| {}).is_err(), "a thread can be started");
    let turn = exclusive();
    let log = Log::default();
    for _ in 0..2 {
        cancel(around(log.clone()));
        assert_eq!(finally::detached(), 0);
        assert_eq!(finally::drain_blocking(None), Ok(()));
        assert_eq!(log.events(), [""; 0]);
        let failures = turn.failures();
        assert_eq!(failures.len(), 4, "{failures:?}");
        for failure in failures {
            assert_eq!(failure.kind, FailureKind::Lost);
            assert!(failure.message.contains("thread"), "{}", failure.message);
        }
    }
    Hand::new(cancels(log.clone())).run();
    assert_eq!(log.events(), ["clean"], "nobody waits for what is lost");
    assert_eq!(turn.kinds(), [FailureKind::Lost]);
    let bomb = log.bomb("bomb");
    cancel(suspend().finally(move || async move { drop(bomb) }));
    assert_eq!(log.take(), ["clean", "bomb"]);
    assert_eq!(turn.kinds(), [FailureKind::Lost, FailureKind::CleanupPanicked], "its drop panics");
}
