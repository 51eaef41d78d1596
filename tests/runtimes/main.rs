//! The hand-off to each runtime, set as the executor. Each test has a process of its own, because an executor is set once.
//!
//! Without such an executor, `on_every_runtime!` tests the promises on each of them.

#[path = "../support/mod.rs"]
mod support;

mod host;

use finally::{FailureKind, FinallyExt, finally};
use tokio::sync::oneshot;

use host::Host;
use support::{
    End, Error, Log, exclusive,
    hand::Hand,
    scene::{PATIENCE, apart, cancel, held, pass},
    steps, suspend,
};

/// Makes one test a runtime: in `with_the_executor!(name(host) { .. })`, the executor that was set spawns on the host.
macro_rules! with_the_executor {
    ($($name:ident($host:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            fn check<H: Host>(mut $host: H) $body

            in_processes!($name
                on_tokio_multi_thread: host::Tokio::multi_thread,
                on_tokio_current_thread: host::Tokio::current_thread,
                on_a_tokio_local_set: host::TokioLocalSet::start,
                on_smol: host::Smol::start,
                on_a_futures_thread_pool: host::FuturesThreadPool::start,
                on_a_futures_local_pool: host::FuturesLocalPool::start,
            );
        }
    )*};
}

/// Does the same for the runtimes that can be shut down. A `ThreadPool` of futures cannot: it lives as long as its tasks, and
/// leaks those that nobody wakes.
macro_rules! with_the_executor_shut_down {
    ($($name:ident($host:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            fn check<H: Host>(mut $host: H) $body

            in_processes!($name
                on_tokio_multi_thread: host::Tokio::multi_thread,
                on_tokio_current_thread: host::Tokio::current_thread,
                on_a_tokio_local_set: host::TokioLocalSet::start,
                on_smol: host::Smol::start,
                on_a_futures_local_pool: host::FuturesLocalPool::start,
            );
        }
    )*};
}

macro_rules! in_processes {
    ($name:ident $($runtime:ident: $start:path,)*) => {$(
        #[test]
        fn $runtime() {
            if apart(concat!(stringify!($name), "::", stringify!($runtime)), &[]).is_none() {
                let host = $start();
                finally::set_executor(host.spawner()).unwrap();
                check(host);
            }
        }
    )*};
}

fn is_on_the_background_thread() -> bool {
    std::thread::current().name() == Some("finally")
}

/// Its cleanup logs where it runs.
#[finally(clean(log, name))]
async fn subject(log: Log, name: &'static str) {
    std::future::pending::<()>().await;
    let _uses = (&log, &name);
}

async fn clean(log: Log, name: &'static str) {
    suspend().await;
    let host = if is_on_the_background_thread() { "the background thread" } else { "the executor" };
    log.push(format!("{name} on {host}"));
}

/// Cancels one inside of its body.
#[finally(clean(log, "outer"))]
async fn cancels_inside(log: Log) {
    cancel(subject(log.clone(), "inner"));
}

/// Awaits one inside of its body.
#[finally(clean(log, "outer"))]
async fn awaits_inside(log: Log) {
    subject(log.clone(), "inner").await;
}

with_the_executor! {
    p9_it_runs_the_cleanup_of_a_cancelled_future(host) {
        let _turn = exclusive();
        let log = Log::default();
        let seen = log.clone();
        host.run(async move {
            cancel(subject(log, "cleaned"));
            finally::drain().await;
        });
        assert_eq!(seen.events(), ["cleaned on the executor"]);
    }

    p9_it_runs_a_cleanup_that_another_thread_hands_off(host) {
        let _turn = exclusive();
        let log = Log::default();
        let cancelled = log.clone();
        std::thread::spawn(move || cancel(subject(cancelled, "cleaned"))).join().unwrap();
        host.run(finally::drain());
        assert_eq!(log.events(), ["cleaned on the executor"]);
    }

    p5_a_cleanup_dropped_half_way_goes_on(host) {
        #[finally(steps(log.clone(), "clean", 2))]
        async fn ends(log: Log) {
            let _uses = &log;
        }
        let _turn = exclusive();
        let log = Log::default();
        let seen = log.clone();
        host.run(async move {
            let mut hand = Hand::new(ends(log.clone()));
            assert!(hand.poll().is_pending());
            drop(hand);
            finally::drain().await;
        });
        assert_eq!(seen.events(), ["clean 0", "clean 1", "clean 2"]);
    }

    p6_nested_cleanups_run_inner_to_outer(host) {
        let _turn = exclusive();
        let log = Log::default();
        let seen = log.clone();
        host.run(async move {
            cancel(awaits_inside(log));
            finally::drain().await;
        });
        assert_eq!(seen.events(), ["inner on the executor", "outer on the executor"]);
    }

    p6_a_cleanup_in_the_task_waits_for_those_that_its_body_handed_off(host) {
        let _turn = exclusive();
        let log = Log::default();
        host.run(cancels_inside(log.clone()));
        assert_eq!(log.events(), ["inner on the executor", "outer on the executor"]);
    }

    p6_siblings_that_wait_for_each_other_end(host) {
        #[finally(async move { opens.send(()).unwrap(); pass(log, name, gate).await; })]
        async fn sibling(log: Log, name: &'static str, opens: oneshot::Sender<()>, gate: oneshot::Receiver<()>) {
            std::future::pending::<()>().await;
            let _uses = (&log, &name, &opens, &gate);
        }
        let _turn = exclusive();
        let log = Log::default();
        let cancelled = log.clone();
        host.run(async move {
            let ((opens_one, one), (opens_other, other)) = (oneshot::channel(), oneshot::channel());
            cancel(sibling(cancelled.clone(), "cleaned", opens_other, one));
            cancel(sibling(cancelled, "cleaned", opens_one, other));
            finally::drain().await;
        });
        assert_eq!(log.events(), ["cleaned", "cleaned"]);
    }

    p8_a_failure_there_is_reported_once(host) {
        #[finally(fail(end))]
        async fn fails(end: End) -> Result<(), Error> {
            std::future::pending::<()>().await;
            let _uses = end;
            Ok(())
        }
        async fn fail(end: End) -> Result<(), Error> {
            suspend().await;
            end.reach("cleanup")
        }
        let turn = exclusive();
        for (end, kind) in [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)] {
            host.run(async move {
                cancel(fails(end));
                finally::drain().await;
            });
            assert_eq!(turn.kinds(), [kind]);
        }
    }

    p11_a_drain_inside_a_cleanup_does_not_wait_for_that_cleanup(host) {
        #[finally(async move { finally::drain().await; log.push("outer"); })]
        async fn drains(log: Log) {
            std::future::pending::<()>().await;
            let _uses = &log;
        }
        let _turn = exclusive();
        let log = Log::default();
        let cancelled = log.clone();
        host.run(async move {
            cancel(subject(cancelled.clone(), "inner"));
            cancel(drains(cancelled));
            finally::drain().await;
        });
        assert_eq!(log.events(), ["inner on the executor", "outer"]);
    }

    p11_a_drain_with_a_limit_ends_while_a_cleanup_is_running(host) {
        let _turn = exclusive();
        let log = Log::default();
        let cancelled = log.clone();
        host.run(async move {
            let (open, gate) = oneshot::channel();
            cancel(held(cancelled, "cleaned", gate));
            let ended = finally::drain_timeout(std::time::Duration::from_millis(1)).await;
            assert_eq!(ended.unwrap_err().count(), 1);
            open.send(()).unwrap();
            assert_eq!(finally::drain_timeout(PATIENCE).await, Ok(()));
        });
        assert_eq!(log.events(), ["cleaned"]);
    }

    settled_waits_for_the_cleanups_inside(host) {
        let _turn = exclusive();
        let log = Log::default();
        let cancelled = log.clone();
        host.run(async move { cancel(subject(cancelled, "cleaned")) }.settled());
        assert_eq!(log.events(), ["cleaned on the executor"]);
    }
}

with_the_executor_shut_down! {
    p9_a_task_that_the_runtime_drops_is_cleaned_up_on_the_background_thread(host) {
        let _turn = exclusive();
        let log = Log::default();
        let (spawned, seen) = (log.clone(), log.clone());
        host.spawner()(Box::pin(async move {
            spawned.push("body");
            subject(spawned, "cleaned").await;
        }));
        host.run(until(seen, "body"));
        drop(host);
        assert_eq!(finally::drain_blocking(Some(PATIENCE)), Ok(()));
        assert_eq!(log.events(), ["body", "cleaned on the background thread"]);
    }

    p9_a_cleanup_that_the_runtime_drops_goes_on_on_the_background_thread(host) {
        /// Suspends until it has moved.
        #[finally(async move { log.push("clean 0"); until_moved().await; log.push("clean 1"); })]
        async fn moves(log: Log) {
            std::future::pending::<()>().await;
            let _uses = &log;
        }
        async fn until_moved() {
            std::future::poll_fn(|_| match is_on_the_background_thread() {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            })
            .await;
        }
        let _turn = exclusive();
        let log = Log::default();
        let cancelled = log.clone();
        host.run(async move {
            cancel(moves(cancelled.clone()));
            until(cancelled, "clean 0").await;
        });
        drop(host);
        assert_eq!(finally::drain_blocking(Some(PATIENCE)), Ok(()));
        assert_eq!(log.events(), ["clean 0", "clean 1"]);
    }
}

async fn until(log: Log, event: &'static str) {
    while log.count(event) == 0 {
        suspend().await;
    }
}
