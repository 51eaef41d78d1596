//! J. Order and timing.

use std::task::Poll;

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, Rejected, fulfilled, run,
    support::{Error, Log, hand::Hand, outcome::observe, suspend},
};

#[test]
fn case_44_the_handler_does_not_run_when_the_future_is_made() {
    let log = Log::default();
    let mut hand = Hand::new(async { 1 }.finally(|| log.push("handler")));
    assert!(log.events().is_empty());
    assert_eq!(hand.poll(), Poll::Ready(1));
    assert_eq!(log.events(), ["handler"]);
}

#[test]
fn case_44_rejected() {
    for rejected in REJECTED {
        let log = Log::default();
        let mut hand =
            Hand::new(observe(async { rejected.reject::<u8>("body") }.finally(|| log.push("handler"))));
        assert!(log.events().is_empty());
        assert_eq!(hand.poll(), Poll::Ready(rejected.outcome("body")));
        assert_eq!(log.events(), ["handler"]);
    }
}

#[test]
fn case_44_with_the_attribute() {
    #[finally(log.push("handler"))]
    async fn f(log: Log, rejected: Option<Rejected>) -> Result<u8, Error> {
        rejected.map_or(Ok(1), |rejected| rejected.reject("body"))
    }
    for rejected in [None, Some(Rejected::WithError), Some(Rejected::WithPanic)] {
        let log = Log::default();
        let mut hand = Hand::new(observe(f(log.clone(), rejected)));
        assert!(log.events().is_empty());
        assert!(hand.poll().is_ready());
        assert_eq!(log.events(), ["handler"]);
    }
}

#[test]
fn case_45_a_handler_that_does_not_await_costs_no_poll_and_no_wake() {
    let mut hand = Hand::new(async { 1 }.finally(|| {}));
    assert_eq!(hand.poll(), Poll::Ready(1));
    assert_eq!(hand.wakes.count(), 0);
}

#[test]
fn case_45_a_handler_that_awaits_costs_its_own_wakes() {
    let mut hand = Hand::new(async { 1 }.finally(suspend));
    hand.run();
    assert_eq!((hand.polls, hand.wakes.count()), (2, 1));
}

#[test]
fn case_46_body_handler_its_await_and_then_whoever_waits() {
    let log = Log::default();
    let events = log.clone();
    run(async {
        async {
            log.push("body");
        }
        .finally(move || {
            events.push("handler");
            async move {
                suspend().await;
                events.push("awaited");
            }
        })
        .await;
        log.push("downstream");
    });
    assert_eq!(log.events(), ["body", "handler", "awaited", "downstream"]);
}

#[test]
fn case_46_with_the_attribute() {
    #[finally({ suspend().await; log.push("awaited") })]
    async fn f(log: Log) {
        log.push("body");
    }
    let log = Log::default();
    run(async {
        f(log.clone()).await;
        log.push("downstream");
    });
    assert_eq!(log.events(), ["body", "awaited", "downstream"]);
}

#[test]
fn case_47_cancelled_before_it_is_settled() {
    let log = Log::default();
    let mut hand = Hand::new(fulfilled(1).finally(|| log.push("handler")));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.events(), ["handler"]);
}

#[test]
fn case_47_the_value_is_dropped_before_the_handler_is_called() {
    let log = Log::default();
    let value = log.on_drop("value dropped");
    let body = async {
        suspend().await;
        value
    };
    let mut hand = Hand::new(body.finally(|| log.push("handler")));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.events(), ["value dropped", "handler"]);
}

#[test]
fn cases_47_and_48_with_the_attribute() {
    #[finally(log.push("handler"))]
    async fn f(log: Log, settled: futures::channel::oneshot::Receiver<u8>) -> u8 {
        settled.await.unwrap()
    }
    for settles in [false, true] {
        let log = Log::default();
        let (settle, settled) = futures::channel::oneshot::channel();
        let mut hand = Hand::new(f(log.clone(), settled));
        assert!(hand.poll().is_pending());
        if settles {
            settle.send(1).unwrap();
        }
        drop(hand);
        assert_eq!(log.events(), ["handler"]);
    }
}

#[test]
fn case_48_settled_and_then_cancelled_before_anybody_looks() {
    let log = Log::default();
    let (settle, settled) = futures::channel::oneshot::channel::<u8>();
    let mut hand = Hand::new(settled.finally(|| log.push("handler")));
    assert!(hand.poll().is_pending());
    settle.send(1).unwrap();
    drop(hand);
    assert_eq!(log.events(), ["handler"]);
}

#[test]
fn case_45_with_the_attribute() {
    #[finally({})]
    async fn in_place() -> u8 {
        1
    }
    #[finally(suspend())]
    async fn awaited() -> u8 {
        1
    }
    let mut hand = Hand::new(in_place());
    hand.run();
    assert_eq!((hand.polls, hand.wakes.count()), (1, 0));
    let mut hand = Hand::new(awaited());
    hand.run();
    assert_eq!((hand.polls, hand.wakes.count()), (2, 1));
}
