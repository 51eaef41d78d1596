//! Acquiring and guarding in one step.

use finally::{FailureKind, Guard, acquire, finally, try_acquire};

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use crate::support::{
    End, Error, Log, OnDrop, Panic, exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after},
    runtimes, steps, suspend,
};

async fn connect(log: Log, end: End) -> Result<&'static str, Error> {
    steps(log, "connect", 2).await;
    end.reach("connect").map(|()| "connection")
}

async fn connect_always(log: Log) -> &'static str {
    steps(log, "connect", 2).await;
    "connection"
}

fn close(log: &Log) -> impl FnOnce(&'static str) + Send + 'static + use<> {
    let log = log.clone();
    move |connection| log.push(format!("close {connection}"))
}

const CONNECTED: [&str; 3] = ["connect 0", "connect 1", "connect 2"];

on_every_runtime! {
    a_resource_that_arrives_is_guarded(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        let future = acquire(connect_always(log.clone()), close(&log));
        let seen = log.clone();
        runtime.run(async move {
            let connection = future.await;
            seen.push(format!("use {}", *connection));
        });
        assert_eq!(log.events()[3..], ["use connection", "close connection"]);
    }

    a_resource_that_arrives_after_cancellation_is_cleaned_up(runtime) {
        let _turn = exclusive();
        for pendings in 1..=2 {
            let log = Log::default();
            let outcome = runtime.run(cancel_after(pendings, {
                let acquiring = acquire(connect_always(log.clone()), close(&log));
                async move { Guard::disarm(acquiring.await) }
            }));
            assert_eq!(outcome, Outcome::Cancelled);
            assert_eq!(log.events(), CONNECTED.into_iter().chain(["close connection"]).collect::<Vec<_>>());
        }
    }

    an_async_handler_is_awaited_where_the_resource_arrives(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        let closing = log.clone();
        runtime.run(cancel_after(1, {
            let acquiring = acquire(connect_always(log.clone()), move |_| steps(closing, "close", 1));
            async move { Guard::disarm(acquiring.await) }
        }));
        assert_eq!(log.events()[3..], ["close 0", "close 1"]);
    }
}

on_every_runtime! {
    p6_what_is_around_waits_for_the_resource_and_its_cleanup(runtime) {
        #[finally(steps(log.clone(), "around", 1))]
        async fn around(log: Log) {
            let closing = log.clone();
            let connection = acquire(connect_always(log.clone()), move |_| steps(closing, "close", 1)).await;
            suspend().await;
            drop(connection);
        }
        let _turn = exclusive();
        for pendings in 1..=5 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, around(log.clone())));
            assert_eq!(log.events()[3..], ["close 0", "close 1", "around 0", "around 1"], "{pendings}");
        }
    }
}

#[test]
fn p9_it_moves_on_from_a_runtime_that_shuts_down() {
    let _turn = exclusive();
    let log = Log::default();
    let runtime = runtimes::current_thread();
    runtime.block_on(async {
        let mut hand = Hand::new(acquire(connect_always(log.clone()), close(&log)));
        assert!(hand.poll().is_pending());
        drop(hand);
    });
    drop(runtime);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events()[3..], ["close connection"]);
}

/// Is ready in its second poll, and panics when it is dropped.
struct Bomb(bool, #[allow(dead_code, reason = "held")] OnDrop);

impl Future for Bomb {
    type Output = &'static str;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<&'static str> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready("connection") } else { Poll::Pending }
    }
}

#[test]
fn a_future_that_panics_when_it_is_dropped_loses_no_resource() {
    let turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(acquire(Bomb(false, log.bomb("bomb")), close(&log)));
    assert!(hand.poll().is_pending());
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(hand.poll()))).unwrap_err();
    assert_eq!(*panic.downcast::<String>().unwrap(), "bomb");
    assert_eq!(log.take(), ["bomb", "close connection"], "the caller gets the panic");

    let mut hand = Hand::new(acquire(Bomb(false, log.bomb("bomb")), close(&log)));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), ["bomb", "close connection"], "the caller has left");
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}

#[test]
fn never_polled_it_acquires_nothing() {
    let _turn = exclusive();
    let log = Log::default();
    drop(acquire(connect_always(log.clone()), close(&log)));
    assert!(log.events().is_empty());
    assert_eq!(finally::detached(), 0);
}

#[test]
fn an_error_is_passed_on_and_nothing_is_guarded() {
    let log = Log::default();
    let failed = Hand::new(try_acquire(connect(log.clone(), End::Fails), close(&log))).run();
    assert_eq!(failed.unwrap_err(), Error("connect"));
    assert_eq!(log.events(), CONNECTED);

    let acquired = Hand::new(try_acquire(connect(log.clone(), End::Succeeds), close(&log))).run().unwrap();
    Hand::new(Guard::release(acquired)).run();
    assert_eq!(log.events().last().unwrap(), "close connection");
}

#[test]
fn an_error_that_arrives_after_cancellation_leaves_nothing_to_clean_up() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(try_acquire(connect(log.clone(), End::Fails), close(&log)));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), CONNECTED);
}

#[test]
fn a_panic_goes_to_the_caller_or_is_reported_when_that_has_left() {
    let turn = exclusive();
    let log = Log::default();
    let panic = crate::support::panic_of(|| {
        Hand::new(try_acquire(connect(log.clone(), End::Panics), close(&log))).run()
    });
    assert_eq!(panic, Panic("connect"));

    let mut hand = Hand::new(try_acquire(connect(log.clone(), End::Panics), close(&log)));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}
