//! P9: an executor may wrap each cleanup, with task-locals or with a limit of time, and leave the choice of the runtime to the library.
//!
//! These tests have a process of their own, because an executor is set once.

#![cfg(feature = "tokio")]

#[path = "../support/mod.rs"]
mod support;

use std::{sync::Once, time::Duration};

use finally::{FailureKind, FinallyExt, finally};
use support::{
    Exclusive, Log, Seen, exclusive, runtimes,
    scene::{cancel, drained},
    suspend,
};
use tokio::{runtime::Handle, time::timeout};

tokio::task_local! {
    static TENANT: u8;
}

const LIMIT: Duration = Duration::from_secs(60);

fn set() -> Exclusive {
    static SET: Once = Once::new();

    SET.call_once(|| {
        finally::set_executor(|mut cleanup| {
            let limited = async move {
                // Outside of a runtime of tokio there is no timer.
                if Handle::try_current().is_err() {
                    cleanup.await;
                } else if timeout(LIMIT, &mut cleanup).await.is_err() {
                    finally::give_up(cleanup, "it has taken longer than 60 s");
                }
            };
            match TENANT.try_with(|tenant| *tenant) {
                Ok(tenant) => finally::default_executor(TENANT.scope(tenant, limited)),
                Err(_) => finally::default_executor(limited),
            }
        })
        .unwrap();
    });
    exclusive()
}

/// Returns the place where a cleanup runs, and its task-local.
fn place() -> String {
    let tenant = TENANT.try_with(|tenant| *tenant).ok();
    let is_background = std::thread::current().name().is_some_and(|name| name.starts_with("finally"));
    format!("{tenant:?} {}", if is_background { "on the background thread" } else { "here" })
}

#[finally(log.push(place()))]
async fn in_place(log: Log, ends: bool) {
    let _uses = &log;
    wait(ends).await;
}

#[finally({ suspend().await; log.push(place()); })]
async fn awaited(log: Log, ends: bool) {
    let _uses = &log;
    wait(ends).await;
}

async fn wait(ends: bool) {
    suspend().await;
    if !ends {
        std::future::pending::<()>().await;
    }
}

#[test]
fn p9_task_locals_are_there_on_every_fate() {
    let _turn = set();
    let log = Log::default();
    runtimes::current_thread().block_on(async {
        TENANT.scope(7, in_place(log.clone(), true)).await;
        TENANT.scope(7, awaited(log.clone(), true)).await;
        cancel(TENANT.scope(7, in_place(log.clone(), false)));
        cancel(TENANT.scope(7, awaited(log.clone(), false)));
        finally::drain().await;
    });
    assert_eq!(log.events(), ["Some(7) here"; 4]);
}

#[test]
fn p9_each_cleanup_has_the_task_locals_of_its_own_drop() {
    let _turn = set();
    let log = Log::default();
    runtimes::current_thread().block_on(async {
        cancel(TENANT.scope(1, awaited(log.clone(), false)));
        cancel(TENANT.scope(2, awaited(log.clone(), false)));
        cancel(awaited(log.clone(), false));
        finally::drain().await;
    });
    let mut events = log.events();
    events.sort();
    assert_eq!(events, ["None here", "Some(1) here", "Some(2) here"]);
}

#[test]
fn p9_a_cleanup_that_is_adopted_has_them_too() {
    #[finally({ suspend().await; log.push(place()); })]
    async fn around(log: Log) {
        cancel(awaited(log.clone(), false));
        suspend().await;
    }
    let _turn = set();
    let log = Log::default();
    runtimes::current_thread().block_on(TENANT.scope(7, around(log.clone())));
    assert_eq!(log.events(), ["Some(7) here"; 2]);
}

#[test]
fn p9_without_a_runtime_the_default_is_the_background_thread() {
    let _turn = set();
    let log = Log::default();
    cancel(TENANT.scope(7, awaited(log.clone(), false)));
    drained();
    assert_eq!(log.events(), ["Some(7) on the background thread"]);
}

/// A runtime that is entered and not driven takes a cleanup only if no enclosing finally waits for it.
#[test]
fn p9_the_default_does_not_give_an_adopted_cleanup_to_a_runtime_that_nobody_drives() {
    #[finally({ suspend().await; log.push("around"); })]
    async fn around(log: Log) {
        cancel(awaited(log.clone(), false));
        suspend().await;
    }
    let _turn = set();
    let log = Log::default();
    let runtime = runtimes::current_thread();
    let entered = runtime.enter();
    support::hand::Hand::new(around(log.clone())).run();
    drop(entered);
    assert_eq!(log.events(), ["None on the background thread", "around"]);
}

#[test]
fn p9_a_wrapped_cleanup_outlives_its_runtime() {
    let _turn = set();
    let log = Log::default();
    let runtime = runtimes::current_thread();
    let entered = runtime.enter();
    cancel(TENANT.scope(7, awaited(log.clone(), false)));
    drop(entered);
    drop(runtime);
    drained();
    assert_eq!(log.events(), ["None on the background thread"], "without its wrapper");
}

#[test]
fn p9_a_cleanup_that_takes_too_long_is_reported_and_holds_nobody_up() {
    let turn = set();
    let log = Log::default();
    let line = line!() + 2;
    let never = || {
        std::future::pending::<()>().finally({
            let held = log.on_drop("dropped");
            || async move {
                let _held = held;
                std::future::pending::<()>().await;
            }
        })
    };
    paused().block_on(async {
        cancel(never());
        finally::drain().await;
    });
    assert_eq!(finally::detached(), 0);
    assert_eq!(log.events(), ["dropped"]);
    let lost = Seen {
        kind: FailureKind::Lost,
        message: "it has taken longer than 60 s".to_owned(),
        panic: None,
        file: file!(),
        line,
    };
    assert_eq!(turn.failures(), [lost]);
}

#[test]
fn p9_what_waits_for_a_cleanup_that_is_given_up_goes_on() {
    #[finally({ suspend().await; log.push("around"); })]
    async fn around(log: Log) {
        cancel(std::future::pending::<()>().finally(std::future::pending::<()>));
        suspend().await;
        let _uses = &log;
    }
    let turn = set();
    let log = Log::default();
    paused().block_on(around(log.clone()));
    assert_eq!(log.events(), ["around"]);
    assert_eq!(turn.kinds(), [FailureKind::Lost]);
}

#[test]
fn p9_all_cleanups_of_a_call_that_is_given_up_are_reported() {
    #[finally(std::future::pending::<()>())]
    async fn inner() {
        std::future::pending::<()>().await;
    }
    #[finally(suspend())]
    async fn outer() {
        inner().await;
    }
    let turn = set();
    paused().block_on(async {
        cancel(outer());
        finally::drain().await;
    });
    assert_eq!(turn.kinds(), [FailureKind::Lost; 2]);
}

/// A future that the drop of such a cleanup cancels is not given up with it.
#[test]
fn p9_what_a_cleanup_that_is_given_up_has_cancelled_is_cleaned_up() {
    #[finally(awaited(log.clone(), false))]
    async fn f(log: Log) {
        std::future::pending::<()>().await;
        let _uses = &log;
    }
    let turn = set();
    let log = Log::default();
    paused().block_on(async {
        cancel(f(log.clone()));
        finally::drain().await;
    });
    assert_eq!(log.events(), ["None here"]);
    assert_eq!(turn.kinds(), [FailureKind::Lost]);
}

/// Returns a runtime whose clock advances when all tasks wait.
fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}
