//! P9: hand-off to the executor that was set (see `executor.rs`), else to the current tokio runtime, else to a background
//! thread of our own. A cleanup that a runtime drops when it shuts down moves to the thread.

use std::{future::pending, sync::mpsc, time::Duration};

use finally::{FinallyExt, finally};
use tokio::sync::oneshot;

use crate::{
    subject,
    support::{End, Log, exclusive, hand::Hand, runtimes, scene::cancel, suspend},
};

fn thread_name() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}

/// Says on which thread its cleanup runs, and whether that is inside a tokio runtime.
#[finally(async move { suspend().await; log.push(format!("cleaned on {}", thread_name())) })]
async fn tells_the_thread(log: Log) {
    suspend().await;
    let _uses = &log;
}

#[cfg(feature = "tokio")]
#[test]
fn p9_inside_an_enclosing_finally_too() {
    #[finally(async { suspend().await })]
    async fn around(log: Log) {
        tokio::select! {
            biased;
            () = tells_the_thread(log.clone()) => {}
            () = std::future::ready(()) => {}
        }
        while log.events().is_empty() {
            suspend().await;
        }
    }
    let _turn = exclusive();
    let log = Log::default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().thread_name("worker").worker_threads(1).build().unwrap();
    runtime.block_on(around(log.clone()));
    assert_eq!(log.events(), ["cleaned on worker"]);
}

#[test]
fn p9_an_enclosing_finally_does_not_wait_for_a_runtime_that_nobody_drives() {
    #[finally(async { suspend().await })]
    async fn around(log: Log) {
        tokio::select! {
            biased;
            () = tells_the_thread(log.clone()) => {}
            () = std::future::ready(()) => {}
        }
    }
    let _turn = exclusive();
    let runtime = runtimes::current_thread();
    let log = Log::default();
    runtime.handle().block_on(around(log.clone()));
    {
        let _entered = runtime.enter();
        futures::executor::block_on(around(log.clone()));
    }
    assert_eq!(log.events(), ["cleaned on finally", "cleaned on finally"]);
}

/// The inner one ends in the poll in which the outer one looks.
#[test]
fn p9_a_cleanup_leaves_the_list_when_it_ends() {
    let _turn = exclusive();
    let (listed, list) = mpsc::channel();
    let looks = async move || listed.send(finally::running().len()).unwrap();
    cancel(pending::<()>().finally(async || {}).finally(looks));
    assert_eq!(list.recv(), Ok(1));
}

#[cfg(feature = "tokio")]
#[test]
fn p9_the_current_tokio_runtime() {
    let _turn = exclusive();
    let log = Log::default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().thread_name("worker").worker_threads(1).build().unwrap();
    let mut hand = Hand::new(tells_the_thread(log.clone()));
    assert!(hand.poll().is_pending());
    {
        let _entered = runtime.enter();
        drop(hand);
    }
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["cleaned on worker"]);
}

/// Nobody waits for it inside of a finally, so it may wait until somebody drives its runtime.
#[cfg(feature = "tokio")]
#[test]
fn p9_the_current_tokio_runtime_though_nobody_drives_it_yet() {
    let _turn = exclusive();
    let log = Log::default();
    let runtime = runtimes::current_thread();
    let mut hand = Hand::new(tells_the_thread(log.clone()));
    assert!(hand.poll().is_pending());
    {
        let _entered = runtime.enter();
        drop(hand);
    }
    runtime.block_on(finally::drain());
    assert_eq!(log.events(), [format!("cleaned on {}", thread_name())]);
}

#[test]
fn p9_then_a_background_thread() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(tells_the_thread(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["cleaned on finally"]);
}

#[cfg(feature = "tokio")]
#[test]
fn p9_on_the_background_thread_timers_and_sockets_work() {
    #[finally(async move { at_exit(log).await.unwrap() })]
    async fn f(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    async fn at_exit(log: Log) -> std::io::Result<()> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (connected, accepted) = tokio::join!(tokio::net::TcpStream::connect(address), listener.accept());
        connected?;
        accepted?;
        let spawned = tokio::spawn(async { thread_name() }).await.unwrap();
        log.push(spawned);
        Ok(())
    }
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(f(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["finally"]);
}

#[test]
fn p9_the_background_thread_runs_chains_beside_each_other() {
    #[finally(async move { waits.await.unwrap() })]
    async fn waiter(waits: oneshot::Receiver<()>) {
        suspend().await;
        let _uses = &waits;
    }
    #[finally(async move { wakes.send(()).unwrap() })]
    async fn waker(wakes: oneshot::Sender<()>) {
        suspend().await;
        let _uses = &wakes;
    }
    let _turn = exclusive();
    let (wakes, waits) = oneshot::channel();
    let (mut one, mut other) = (Hand::new(waiter(waits)), Hand::new(waker(wakes)));
    assert!(one.poll().is_pending() && other.poll().is_pending());
    drop(one);
    drop(other);
    finally::drain_blocking(None).unwrap();
}

/// The threads of this process by that name.
#[cfg(target_os = "linux")]
fn background_threads() -> usize {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == "finally")
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn p9_the_background_thread_starts_when_it_is_needed_and_ends_some_time_after_it_is_idle() {
    #[finally(async move { running.send(()).unwrap(); until.await.unwrap(); })]
    async fn f(running: mpsc::Sender<()>, until: oneshot::Receiver<()>) {
        suspend().await;
        let _uses = (&running, &until);
    }
    /// A thread that has ended stays in the list until the system has cleared it away.
    fn wait_until_there_is_none() {
        while background_threads() > 0 {
            std::thread::yield_now();
        }
    }
    let _turn = exclusive();
    for _ in 0..2 {
        let (tells, running) = mpsc::channel();
        let (end, until) = oneshot::channel();
        let mut hand = Hand::new(f(tells, until));
        assert!(hand.poll().is_pending());
        drop(hand);
        running.recv().unwrap();
        assert_eq!(background_threads(), 1);
        end.send(()).unwrap();
        finally::drain_blocking(None).unwrap();
        wait_until_there_is_none();
    }
}

mod a_runtime_that_shuts_down {
    use super::*;

    /// Suspends for ever in the body, or in the cleanup until it has moved to the background thread.
    #[finally(async move { log.push("clean 0"); until_moved().await; log.push("clean 1"); })]
    async fn never_ends(log: Log, in_body: bool) {
        log.push("body");
        if in_body {
            std::future::pending::<()>().await;
        }
        suspend().await;
        let _uses = &log;
    }

    async fn until_moved() {
        std::future::poll_fn(|_| match thread_name().as_str() {
            "finally" => std::task::Poll::Ready(()),
            _ => std::task::Poll::Pending,
        })
        .await;
    }

    fn spawn_and_shut_down(runtime: tokio::runtime::Runtime, in_body: bool) {
        let log = Log::default();
        let until = if in_body { "body" } else { "clean 0" };
        let seen = log.clone();
        runtime.block_on(async {
            tokio::spawn(never_ends(log.clone(), in_body));
            while seen.count(until) == 0 {
                tokio::task::yield_now().await;
            }
        });
        drop(runtime);
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events(), ["body", "clean 0", "clean 1"]);
    }

    #[test]
    fn p9_in_the_body_on_multi_thread() {
        let _turn = exclusive();
        spawn_and_shut_down(runtimes::multi_thread(), true);
    }

    #[test]
    fn p9_in_the_body_on_current_thread() {
        let _turn = exclusive();
        spawn_and_shut_down(runtimes::current_thread(), true);
    }

    #[test]
    fn p9_in_the_cleanup_on_multi_thread() {
        let _turn = exclusive();
        spawn_and_shut_down(runtimes::multi_thread(), false);
    }

    #[test]
    fn p9_in_the_cleanup_on_current_thread() {
        let _turn = exclusive();
        spawn_and_shut_down(runtimes::current_thread(), false);
    }

    #[test]
    fn p9_after_the_hand_off() {
        let _turn = exclusive();
        for runtime in [runtimes::multi_thread(), runtimes::current_thread()] {
            let log = Log::default();
            let mut hand = Hand::new(never_ends(log.clone(), true));
            assert!(hand.poll().is_pending());
            let seen = log.clone();
            runtime.block_on(async move {
                drop(hand);
                while seen.count("clean 0") == 0 {
                    tokio::task::yield_now().await;
                }
            });
            drop(runtime);
            finally::drain_blocking(None).unwrap();
            assert_eq!(log.events(), ["body", "clean 0", "clean 1"]);
        }
    }

    #[test]
    fn p9_a_runtime_that_is_gone_already() {
        let _turn = exclusive();
        let runtime = runtimes::multi_thread();
        let handle = runtime.handle().clone();
        let log = Log::default();
        let mut hand = Hand::new(subject(log.clone(), End::Succeeds, End::Succeeds));
        assert!(hand.poll().is_pending());
        drop(runtime);
        let _entered = handle.enter();
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events()[1..], ["body dropped", "clean 0", "clean 1", "clean 2"]);
    }
}

mod waiting {
    use super::*;

    /// Its cleanup ends on a signal.
    #[finally(async move { until.await.unwrap() })]
    async fn held(until: oneshot::Receiver<()>) {
        suspend().await;
        let _uses = &until;
    }

    fn detach_one() -> oneshot::Sender<()> {
        let (end, until) = oneshot::channel();
        let mut hand = Hand::new(held(until));
        assert!(hand.poll().is_pending());
        drop(hand);
        end
    }

    #[test]
    fn p9_drain_is_ready_at_once_where_nothing_is_detached() {
        let _turn = exclusive();
        assert!(Hand::new(finally::drain()).poll().is_ready());
        assert_eq!(Hand::new(finally::drain_timeout(Duration::ZERO)).run(), Ok(()));
        assert_eq!(finally::drain_blocking(Some(Duration::ZERO)), Ok(()));
    }

    #[test]
    fn p9_drain_waits_for_the_last_one_and_is_woken_by_it() {
        let _turn = exclusive();
        let (one, other) = (detach_one(), detach_one());
        assert_eq!(finally::detached(), 2);
        let mut drain = Hand::new(finally::drain());
        assert!(drain.poll().is_pending());
        one.send(()).unwrap();
        while finally::detached() > 1 {
            std::thread::yield_now();
        }
        assert_eq!(drain.wakes.count(), 0);
        other.send(()).unwrap();
        while drain.wakes.count() == 0 {
            std::thread::yield_now();
        }
        assert!(drain.poll().is_ready());
        assert_eq!(drain.wakes.count(), 1);
    }

    #[test]
    fn p9_drain_with_a_limit_says_how_many_are_still_running() {
        let _turn = exclusive();
        let (one, other) = (detach_one(), detach_one());
        let still = finally::drain_blocking(Some(Duration::ZERO)).unwrap_err();
        assert_eq!(still.count(), 2);
        assert!(still.to_string().starts_with("2 cleanups are still running: "), "{still}");
        let still = crate::support::hand::run(finally::drain_timeout(Duration::ZERO)).unwrap_err();
        assert_eq!(still.count(), 2);
        one.send(()).unwrap();
        other.send(()).unwrap();
        assert_eq!(finally::drain_blocking(None), Ok(()));
    }

    #[test]
    fn p9_drain_with_a_limit_ends_when_the_last_one_does() {
        let _turn = exclusive();
        let end = detach_one();
        let drain = std::thread::spawn(|| crate::support::hand::run(finally::drain_timeout(Duration::MAX)));
        let blocking = std::thread::spawn(|| finally::drain_blocking(Some(Duration::MAX)));
        end.send(()).unwrap();
        assert_eq!(drain.join().unwrap(), Ok(()));
        assert_eq!(blocking.join().unwrap(), Ok(()));
    }

    #[test]
    fn p9_drain_that_is_dropped_leaves_the_cleanups_alone() {
        let _turn = exclusive();
        let end = detach_one();
        let mut drain = Hand::new(finally::drain_timeout(Duration::MAX));
        assert!(drain.poll().is_pending());
        drop(drain);
        assert_eq!(finally::detached(), 1);
        end.send(()).unwrap();
        finally::drain_blocking(None).unwrap();
    }
}
