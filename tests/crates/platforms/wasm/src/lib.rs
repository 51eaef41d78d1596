//! The promises on wasm: cases that `cases.mjs` runs under node, each in a process of its own.
//!
//! Panics abort there, so that no case has one. A trap fails its case, and so does a wait that never ends, because node exits
//! then.

mod support;

use std::{
    future::{pending, ready},
    time::Duration,
};

use finally::{
    Failure, FinallyExt, Guard, Scope, acquire, block_on_cancel, detached, drain, drain_blocking,
    drain_timeout, finally, guard,
};
use futures_channel::oneshot::{Receiver, channel};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

use support::{Log, cancel, poll_once, suspend, suspend_in_javascript};

const LONG: Duration = Duration::from_secs(3600);

/// Sets the executor that all programs on wasm-bindgen have.
fn set_executor() {
    finally::set_executor(spawn_local).unwrap();
}

/// Collects the failures that no caller gets.
fn failures() -> Log {
    let log = Log::default();
    let hook = log.clone();
    finally::set_failure_hook(move |failure: &Failure| {
        hook.push(format!("{:?}: {}", failure.kind(), failure.message()));
    });
    log
}

#[finally(log.push("clean"))]
async fn in_place(log: &Log, end: Result<u8, &'static str>) -> Result<u8, &'static str> {
    let _body = log.on_drop("body");
    suspend_in_javascript().await;
    end
}

#[finally({ suspend_in_javascript().await; log.push("clean") }, on_cancel = skip)]
async fn skipped(log: &Log, end: Result<u8, &'static str>) -> Result<u8, &'static str> {
    let _body = log.on_drop("body");
    suspend_in_javascript().await;
    end
}

#[finally(clean(log, "clean"))]
async fn detaches(log: Log) {
    let _body = log.on_drop("body");
    suspend().await;
}

async fn clean(log: Log, name: &'static str) {
    suspend().await;
    log.push(name);
}

#[finally(pass(log, gate))]
async fn held(log: Log, gate: Receiver<()>) {
    let _uses = (&log, &gate);
    pending::<()>().await;
}

async fn pass(log: Log, gate: Receiver<()>) {
    gate.await.unwrap();
    log.push("clean");
}

#[wasm_bindgen]
pub async fn p1_a_cleanup_that_does_not_await_runs_on_every_fate() {
    for end in [Ok(1), Err("body")] {
        let log = Log::default();
        assert_eq!(in_place(&log, end).await, end);
        assert_eq!(log.take(), ["body", "clean"]);
    }
    let log = Log::default();
    cancel(in_place(&log, Ok(1)));
    assert_eq!(log.take(), ["body", "clean"]);
}

#[wasm_bindgen]
pub async fn p1_a_future_that_was_never_polled_cleans_nothing_up() {
    let log = Log::default();
    drop(in_place(&log, Ok(1)));
    assert_eq!(log.take(), [""; 0]);
}

#[wasm_bindgen]
pub async fn p3_a_cleanup_that_is_not_send_is_awaited_in_the_task() {
    for end in [Ok(1), Err("body")] {
        let log = Log::default();
        assert_eq!(skipped(&log, end).await, end);
        assert_eq!(log.take(), ["body", "clean"]);
    }
}

#[wasm_bindgen]
pub async fn p4_a_cleanup_that_is_skipped_on_cancellation_does_not_run() {
    let failures = failures();
    let log = Log::default();
    cancel(skipped(&log, Ok(1)));
    assert_eq!(log.take(), ["body"]);
    assert_eq!(failures.take(), [""; 0]);
    assert_eq!(detached(), 0);
}

#[wasm_bindgen]
pub async fn p5_a_cleanup_dropped_half_way_goes_on() {
    set_executor();
    let log = Log::default();
    let mut future = Box::pin(detaches(log.clone()));
    assert!(poll_once(future.as_mut()).is_pending(), "in the body");
    assert!(poll_once(future.as_mut()).is_pending(), "in the cleanup");
    drop(future);
    assert_eq!(log.take(), ["body"]);
    drain().await;
    assert_eq!(log.take(), ["clean"]);
}

#[finally(clean(log, "outer"))]
async fn outer(log: Log) {
    detaches(log.clone()).await;
}

#[wasm_bindgen]
pub async fn p6_a_nested_cleanup_runs_before_the_one_around_it() {
    set_executor();
    let log = Log::default();
    cancel(outer(log.clone()));
    drain().await;
    assert_eq!(log.take(), ["body", "clean", "outer"]);
}

#[finally(clean(log, "outer"))]
async fn cancels_inside(log: Log) {
    cancel(detaches(log.clone()));
}

#[wasm_bindgen]
pub async fn p6_a_cleanup_waits_for_those_that_were_cancelled_inside_its_body() {
    set_executor();
    let log = Log::default();
    cancels_inside(log.clone()).await;
    assert_eq!(log.take(), ["body", "clean", "outer"]);
}

#[finally(Err::<(), _>("cleanup"))]
async fn fails_twice() -> Result<(), &'static str> {
    Err("body")
}

#[wasm_bindgen]
pub async fn p8_the_second_failure_is_reported() {
    let failures = failures();
    assert_eq!(fails_twice().await, Err("body"));
    assert_eq!(failures.take(), ["CleanupFailed: cleanup"]);
}

#[wasm_bindgen]
pub async fn p9_the_executor_that_was_set_runs_the_cleanup_of_a_cancelled_body() {
    set_executor();
    let log = Log::default();
    cancel(detaches(log.clone()));
    assert_eq!(log.take(), ["body"]);
    assert_eq!(detached(), 1);
    drain().await;
    assert_eq!(log.take(), ["clean"]);
    assert_eq!(detached(), 0);
}

#[wasm_bindgen]
pub async fn p9_without_an_executor_the_cleanup_is_reported_as_lost() {
    let failures = failures();
    let log = Log::default();
    cancel(detaches(log.clone()));
    assert_eq!(failures.take(), ["Lost: this target has no threads, and no executor was set"]);
    assert_eq!(detached(), 0);
    drain().await;
    assert_eq!(log.take(), ["body"]);
}

#[cfg(feature = "tokio")]
#[wasm_bindgen]
pub async fn p9_the_current_tokio_runtime_runs_the_cleanup_of_a_cancelled_body() {
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        cancel(detaches(log.clone()));
        drain().await;
    });
    assert_eq!(log.take(), ["body", "clean"]);
}

#[wasm_bindgen]
pub async fn p11_drain_timeout_ends_at_once_with_the_count_of_what_is_running() {
    set_executor();
    for timeout in [Duration::ZERO, LONG, Duration::MAX] {
        let (open, gate) = channel();
        let log = Log::default();
        cancel(held(log.clone(), gate));
        assert_eq!(drain_timeout(timeout).await.unwrap_err().count(), 1);
        open.send(()).unwrap();
        drain().await;
        assert_eq!(log.take(), ["clean"]);
        assert_eq!(drain_timeout(timeout).await, Ok(()));
    }
}

#[wasm_bindgen]
pub async fn p11_drain_blocking_ends_at_once_with_the_count_of_what_is_running() {
    set_executor();
    for timeout in [None, Some(Duration::ZERO), Some(LONG), Some(Duration::MAX)] {
        let (open, gate) = channel();
        let log = Log::default();
        cancel(held(log.clone(), gate));
        assert_eq!(drain_blocking(timeout).unwrap_err().count(), 1);
        open.send(()).unwrap();
        drain().await;
        assert_eq!(log.take(), ["clean"]);
        assert_eq!(drain_blocking(timeout), Ok(()));
    }
}

#[finally({ ready(()).await; log.push("clean") }, on_cancel = block)]
async fn blocks_shortly(log: &Log) {
    pending::<()>().await;
}

#[wasm_bindgen]
pub async fn p11_a_blocking_cleanup_that_never_waits_ends_inside_the_drop() {
    let log = Log::default();
    cancel(blocks_shortly(&log));
    assert_eq!(log.take(), ["clean"]);
}

#[finally({ pending::<()>().await; log.push("clean") }, on_cancel = block)]
async fn blocks_for_ever(log: &Log) {
    pending::<()>().await;
}

#[wasm_bindgen]
pub async fn p11_a_blocking_cleanup_that_waits_is_reported_as_lost() {
    let failures = failures();
    let log = Log::default();
    cancel(blocks_for_ever(&log));
    assert_eq!(failures.take(), ["Lost: `on_cancel = block` would deadlock on a target without threads"]);
    assert_eq!(log.take(), [""; 0]);
}

#[finally(suspend(), on_cancel = block)]
async fn blocks_without_arguments() {
    pending::<()>().await;
}

#[wasm_bindgen]
pub async fn p11_a_blocking_cleanup_that_waits_and_uses_no_argument_is_handed_off() {
    set_executor();
    let failures = failures();
    cancel(blocks_without_arguments());
    assert_eq!(detached(), 1);
    drain().await;
    assert_eq!(failures.take(), [""; 0]);
}

#[wasm_bindgen]
pub async fn p11_a_guard_that_blocks_is_reported_as_lost() {
    let failures = failures();
    let log = Log::default();
    let lost = log.clone();
    drop(guard(1, move |_| {
        block_on_cancel(async move {
            suspend_in_javascript().await;
            lost.push("clean");
        })
    }));
    assert_eq!(failures.take().len(), 1);
    assert_eq!(log.take(), [""; 0]);
}

#[wasm_bindgen]
pub async fn a_block_runs_its_cleanup_and_lets_control_flow_pass() {
    use finally::block::finally;

    let log = Log::default();
    for number in 0..3 {
        finally! {
            try {
                suspend_in_javascript().await;
                if number == 1 {
                    continue;
                }
                log.push(number.to_string());
            }
            finally { log.push("clean"); }
        }
    }
    assert_eq!(log.take(), ["0", "clean", "clean", "2", "clean"]);
}

#[wasm_bindgen]
pub async fn settled_waits_for_the_cleanups_inside() {
    set_executor();
    let log = Log::default();
    let cancelled = log.clone();
    async move { cancel(detaches(cancelled)) }.settled().await;
    assert_eq!(log.take(), ["body", "clean"]);
}

#[wasm_bindgen]
pub async fn an_acquired_value_whose_caller_has_left_is_cleaned_up() {
    set_executor();
    let (send, value) = channel();
    let log = Log::default();
    let released = log.clone();
    cancel(acquire(async { value.await.unwrap() }, move |value: u8| {
        released.push(value.to_string());
    }));
    assert_eq!(log.take(), [""; 0]);
    send.send(7).unwrap();
    drain().await;
    assert_eq!(log.take(), ["7"]);
}

#[wasm_bindgen]
pub async fn a_guard_cleans_up_when_it_is_released_and_when_it_is_dropped() {
    set_executor();
    let log = Log::default();
    let guarded = |name: &'static str| {
        let log = log.clone();
        guard(name, move |name| clean(log, name))
    };
    Guard::release(guarded("released")).await;
    assert_eq!(log.take(), ["released"]);
    drop(guarded("dropped"));
    drain().await;
    assert_eq!(log.take(), ["dropped"]);
}

#[wasm_bindgen]
pub async fn a_scope_cleans_up_in_reverse_order_when_it_is_closed_and_when_it_is_dropped() {
    set_executor();
    let log = Log::default();
    let scope = || {
        let mut scope = Scope::<()>::new();
        for name in ["first", "second"] {
            let log = log.clone();
            scope.defer(move || clean(log, name));
        }
        scope
    };
    scope().close().await.unwrap();
    assert_eq!(log.take(), ["second", "first"]);
    drop(scope());
    drain().await;
    assert_eq!(log.take(), ["second", "first"]);
}
