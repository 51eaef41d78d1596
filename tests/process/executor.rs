//! The executor that was set gets each chain that no enclosing finally adopts: one hand-off for a cancelled tree. This needs a
//! process of its own, because an executor is set once.

#[path = "../support/mod.rs"]
mod support;

use std::sync::Mutex;

use finally::{BoxFuture, finally};
use support::{Log, exclusive, hand::Hand, runtimes, steps, suspend};

static SPAWNED: Mutex<Vec<BoxFuture>> = Mutex::new(Vec::new());

/// Keeps each chain, or panics instead.
fn set() {
    static SET: std::sync::Once = std::sync::Once::new();

    SET.call_once(|| {
        finally::set_executor(|cleanup| {
            let mut spawned = SPAWNED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            spawned.push(cleanup);
            if PANICS.load(std::sync::atomic::Ordering::SeqCst) {
                let cleanup = spawned.pop();
                drop(spawned);
                let _dropped_by_the_unwind = cleanup;
                panic!("the executor panics");
            }
        })
        .unwrap();
    });
}

static PANICS: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

fn spawned() -> Vec<BoxFuture> {
    std::mem::take(&mut *SPAWNED.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

#[finally(steps(log.clone(), "outer", 1))]
async fn outer(log: Log) {
    inner(log.clone()).await;
}

#[finally(steps(log.clone(), "inner", 1))]
async fn inner(log: Log) {
    suspend().await;
    let _uses = &log;
}

fn cancelled(log: &Log) {
    let mut hand = Hand::new(outer(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
}

const TREE: [&str; 4] = ["inner 0", "inner 1", "outer 0", "outer 1"];

#[test]
fn p9_the_executor_that_was_set_comes_before_the_current_runtime() {
    let _turn = exclusive();
    set();
    let log = Log::default();
    let runtime = runtimes::current_thread();
    let entered = runtime.enter();
    cancelled(&log);
    drop(entered);
    let chains = spawned();
    assert_eq!(chains.len(), 1, "one chain, one hand-off");
    assert_eq!(finally::detached(), 2);
    for chain in chains {
        Hand::new(chain).run();
    }
    assert_eq!(log.events(), TREE);
    assert_eq!(finally::detached(), 0);
}

#[test]
fn p9_the_first_executor_stays() {
    let _turn = exclusive();
    set();
    let error = finally::set_executor(drop).unwrap_err();
    assert_eq!(error.to_string(), "the executor for cleanups is already set");
}

#[test]
fn p9_what_the_executor_drops_moves_to_the_background_thread() {
    let _turn = exclusive();
    set();
    let log = Log::default();
    cancelled(&log);
    drop(spawned());
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), TREE, "unpolled");

    cancelled(&log);
    let mut chains = spawned();
    let mut chain = Hand::new(chains.pop().unwrap());
    (0..2).for_each(|_| assert!(chain.poll().is_pending()));
    drop(chain);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), TREE, "half-way");
}

#[test]
fn p9_an_executor_that_panics_does_not_make_the_drop_panic() {
    let _turn = exclusive();
    set();
    let log = Log::default();
    PANICS.store(true, std::sync::atomic::Ordering::SeqCst);
    cancelled(&log);
    PANICS.store(false, std::sync::atomic::Ordering::SeqCst);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), TREE);
}
