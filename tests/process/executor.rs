//! The executor that was set gets each chain that no enclosing finally adopts: one hand-off for a cancelled tree. This needs a
//! process of its own, because an executor is set once.

#[path = "../support/mod.rs"]
mod support;

use std::{
    future::pending,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use finally::{BoxFuture, FailureKind, FinallyExt, Scope, finally};
use support::{
    Log, exclusive,
    hand::Hand,
    runtimes,
    scene::{Kept, cancel, ends, keep_a_drain},
    steps, suspend,
};

static SPAWNED: Mutex<Vec<BoxFuture>> = Mutex::new(Vec::new());

/// The executor of the test that runs.
static EXECUTOR: Mutex<fn(BoxFuture)> = Mutex::new(keep);

/// Sets an executor that calls another one, and chooses that.
fn set(executor: fn(BoxFuture)) {
    static SET: std::sync::Once = std::sync::Once::new();

    SET.call_once(|| {
        finally::set_executor(|cleanup| {
            let executor = *EXECUTOR.lock().unwrap();
            executor(cleanup);
        })
        .unwrap();
    });
    *EXECUTOR.lock().unwrap() = executor;
}

fn keep(cleanup: BoxFuture) {
    SPAWNED.lock().unwrap().push(cleanup);
}

fn panics(cleanup: BoxFuture) {
    let _dropped_by_the_unwind = cleanup;
    panic!("the executor panics");
}

/// Hands off another cleanup first, which no finally adopts.
fn hands_off_another(cleanup: BoxFuture) {
    set(finally::default_executor);
    cancel(inner(Log::default()));
    finally::default_executor(cleanup);
}

fn spawned() -> Vec<BoxFuture> {
    std::mem::take(&mut *SPAWNED.lock().unwrap())
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
    cancel(outer(log.clone()));
}

const TREE: [&str; 4] = ["inner 0", "inner 1", "outer 0", "outer 1"];

#[test]
fn p9_the_executor_that_was_set_comes_before_the_current_runtime() {
    let _turn = exclusive();
    set(keep);
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
fn p9_siblings_are_handed_off_when_the_drop_is_over() {
    #[finally(steps(log.clone(), "around", 1))]
    async fn around(log: Log) {
        tokio::join!(inner(log.clone()), inner(log.clone()));
    }

    let _turn = exclusive();
    set(keep);
    let log = Log::default();
    cancel(around(log.clone()));
    let mut chains: Vec<_> = spawned().into_iter().map(Hand::new).collect();
    assert_eq!((chains.len(), finally::running().len()), (3, 3), "no poll of the cleanup around starts them");
    chains.iter_mut().for_each(Hand::run);
    assert_eq!(log.take()[4..], ["around 0", "around 1"]);
}

/// A cleanup that came before those that it waits for would never end.
#[test]
fn p11_siblings_end_though_the_executor_runs_each_cleanup_in_the_drop() {
    #[finally(steps(log.clone(), "around", 1))]
    async fn around(log: Log) {
        tokio::join!(outer(log.clone()), outer(log.clone()));
    }

    let _turn = exclusive();
    set(|cleanup| Hand::new(cleanup).run());
    let log = Log::default();
    let seen = log.clone();
    ends(move || cancel(around(log)));
    assert_eq!(seen.events()[8..], ["around 0", "around 1"]);
}

#[test]
fn p9_the_first_executor_stays() {
    let _turn = exclusive();
    set(keep);
    let error = finally::set_executor(drop).unwrap_err();
    assert_eq!(error.to_string(), "the executor for cleanups is already set");
}

#[test]
fn p9_what_the_executor_drops_moves_to_the_background_thread() {
    let _turn = exclusive();
    set(keep);
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
fn p6_a_cleanup_waits_for_those_inside_of_one_that_was_given_up_before_its_start() {
    let turn = exclusive();
    set(keep);
    let log = Log::default();
    let (first, second, end) = (log.clone(), log.clone(), log.clone());
    let siblings = async { tokio::join!(inner(first), inner(second)) }.finally(async || {});
    let mut around = Hand::new(async { cancel(siblings) }.finally(async move || end.push("around")));
    assert!(around.poll().is_pending());
    let mut chains = spawned();
    finally::give_up(chains.pop().unwrap(), "it waits for its siblings");
    assert_eq!((turn.kinds(), chains.len()), (vec![FailureKind::Lost], 2));
    for chain in chains {
        assert!(around.poll().is_pending());
        Hand::new(chain).run();
    }
    around.run();
    assert_eq!(log.events()[4..], ["around"]);
}

/// The cleanup hands off one, and its drop another one. A scope adopts the first one itself.
#[test]
fn p6_a_cleanup_waits_for_those_that_one_that_was_given_up_has_handed_off() {
    gives_up_one_that_has_handed_off_others(|cleanup| cancel(pending::<()>().finally(|| cleanup)));
    gives_up_one_that_has_handed_off_others(|cleanup| {
        let mut scope: Scope = Scope::new();
        scope.defer(|| cleanup);
    });
}

fn gives_up_one_that_has_handed_off_others(begin: fn(BoxFuture)) {
    struct Cancels(Log);

    impl Drop for Cancels {
        fn drop(&mut self) {
            cancel(inner(self.0.clone()));
        }
    }

    let turn = exclusive();
    set(keep);
    let log = Log::default();
    let (now, later, end) = (Cancels(log.clone()), Cancels(log.clone()), log.clone());
    let cleanup = Box::pin(async move {
        let _later = later;
        drop(now);
        pending::<()>().await;
    });
    let mut around = Hand::new(async { begin(cleanup) }.finally(async move || end.push("around")));
    assert!(around.poll().is_pending());
    let mut given_up = spawned().remove(0);
    assert!(given_up.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    finally::give_up(given_up, "it waits for ever");
    let others = spawned();
    assert_eq!((turn.kinds(), others.len()), (vec![FailureKind::Lost], 2));
    for other in others.into_iter().rev() {
        assert!(around.poll().is_pending());
        Hand::new(other).run();
    }
    around.run();
    assert_eq!(log.events()[4..], ["around"]);
}

#[test]
fn p11_a_drain_inside_of_a_cleanup_waits_for_one_that_runs_though_another_one_was_given_up() {
    let turn = exclusive();
    set(keep);
    let (log, kept) = (Log::default(), Kept::default());
    let keeps = Arc::clone(&kept);
    cancel(inner(log.clone()));
    cancel(pending::<()>().finally(async move || {
        keep_a_drain(keeps).await;
        pending::<()>().await;
    }));
    cancel(pending::<()>().finally(async move || finally::drain().await));
    let Ok([runs, mut given_up, drains]) = <[_; 3]>::try_from(spawned()) else { unreachable!() };
    assert!(given_up.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    finally::give_up(given_up, "it waits for ever");
    assert_eq!(turn.kinds(), [FailureKind::Lost]);
    let mut drains = Hand::new(drains);
    assert!(drains.poll().is_pending());
    Hand::new(runs).run();
    drains.run();
}

#[test]
fn p9_an_executor_that_panics_does_not_make_the_drop_panic() {
    let _turn = exclusive();
    set(panics);
    let log = Log::default();
    cancelled(&log);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), TREE);
}

/// `Handle::block_on` does not drive a current-thread runtime. So an adopted cleanup ends on the background thread.
#[test]
fn p11_an_adopted_cleanup_ends_though_the_executor_hands_off_another_one_first() {
    #[finally(suspend())]
    async fn around(log: Log) {
        cancel(inner(log.clone()));
    }

    let _turn = exclusive();
    set(hands_off_another);
    let log = Log::default();
    let seen = log.clone();
    ends(move || runtimes::current_thread().handle().block_on(around(log)));
    assert_eq!(seen.events(), ["inner 0", "inner 1"]);
}

/// A panic of the executor leaves nothing behind on the thread.
#[cfg(feature = "tokio")]
#[test]
fn p9_the_default_executor_takes_the_current_runtime_after_a_panic_of_the_executor() {
    #[finally(suspend())]
    async fn around() {
        cancel(inner(Log::default()));
    }

    let _turn = exclusive();
    set(panics);
    Hand::new(around()).run();
    let runtime = runtimes::current_thread();
    let entered = runtime.enter();
    let (runs_on, place) = std::sync::mpsc::channel();
    finally::default_executor(async move {
        runs_on.send(tokio::runtime::Handle::current().id()).unwrap();
    });
    drop(entered);
    let id = runtime.handle().id();
    runtime.block_on(suspend());
    assert_eq!(place.recv().unwrap(), id);
}
