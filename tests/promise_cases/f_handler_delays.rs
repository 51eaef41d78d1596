//! F. The handler returns a promise, which delays the result.

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, fulfilled, run,
    support::{Error, Log, hand::Hand, outcome::Outcome, suspend},
};

#[test]
fn case_24_a_fulfilled_future_waits_for_the_handlers_and_keeps_its_value() {
    let log = Log::default();
    let seen = log.clone();
    let mut hand = Hand::new(fulfilled(1).finally(async move || {
        suspend().await;
        seen.push("handler");
    }));
    assert!(hand.poll().is_pending());
    assert!(hand.poll().is_pending());
    assert!(log.events().is_empty());
    assert_eq!(hand.run(), Ok(1));
    assert_eq!(log.events(), ["handler"]);
}

#[test]
fn case_25_a_rejected_future_waits_and_keeps_its_reason() {
    for rejected in REJECTED {
        let log = Log::default();
        let seen = log.clone();
        let outcome = run(rejected.body("body").finally(async move || {
            suspend().await;
            seen.push("handler");
        }));
        assert_eq!(outcome, rejected.outcome("body"));
        assert_eq!(log.events(), ["handler"]);
    }
}

#[test]
fn case_26_a_handler_that_is_ready_at_once_costs_no_poll() {
    let mut hand = Hand::new(async { 1 }.finally(|| std::future::ready(())));
    assert_eq!(hand.poll(), std::task::Poll::Ready(1));
}

#[test]
fn case_27_the_value_of_the_handlers_future_is_not_the_result() {
    assert_eq!(
        run(fulfilled(1).finally(|| std::future::ready(Ok::<(), Error>(())))),
        Outcome::Returned(Ok(1))
    );
}

#[test]
fn case_29_a_rejected_future_awaits_the_handlers() {
    for rejected in REJECTED {
        let mut hand = Hand::new(crate::support::outcome::observe(rejected.body("body").finally(suspend)));
        assert!(hand.poll().is_pending(), "the body");
        assert!(hand.poll().is_pending(), "the handler");
        assert_eq!(hand.poll(), std::task::Poll::Ready(rejected.outcome("body")));
    }
}

#[test]
fn cases_24_and_25_with_the_attribute() {
    #[finally({ suspend().await; log.push("handler") })]
    async fn f(log: Log, rejected: Option<crate::Rejected>) -> Result<u8, Error> {
        match rejected {
            Some(rejected) => rejected.body("body").await,
            None => fulfilled(1).await,
        }
    }
    let log = Log::default();
    assert_eq!(run(f(log.clone(), None)), Outcome::Returned(Ok(1)));
    for rejected in REJECTED {
        assert_eq!(run(f(log.clone(), Some(rejected))), rejected.outcome("body"));
    }
    assert_eq!(log.count("handler"), 3);
}

#[test]
fn cases_26_27_and_29_with_the_attribute() {
    #[finally(std::future::ready(Ok::<(), Error>(())))]
    async fn ready(rejected: Option<crate::Rejected>) -> Result<u8, Error> {
        rejected.map_or(Ok(1), |rejected| rejected.reject("body"))
    }
    #[finally(suspend())]
    async fn delayed(rejected: crate::Rejected) -> Result<u8, Error> {
        rejected.body("body").await
    }
    assert_eq!(Hand::new(ready(None)).poll(), std::task::Poll::Ready(Ok(1)));
    for rejected in REJECTED {
        assert_eq!(run(ready(Some(rejected))), rejected.outcome("body"));
        let mut hand = Hand::new(crate::support::outcome::observe(delayed(rejected)));
        assert!(hand.poll().is_pending(), "the body");
        assert!(hand.poll().is_pending(), "the handler");
        assert_eq!(hand.poll(), std::task::Poll::Ready(rejected.outcome("body")));
    }
}
