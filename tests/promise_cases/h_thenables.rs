//! H. Thenables: in Rust, all that implements `IntoFuture`.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
};

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, Rejected, fulfilled, run,
    support::{Error, Log, exclusive, outcome::Outcome, suspend},
};

/// Becomes a future when it is awaited, or panics over it.
struct Thenable {
    log: Log,
    ends: Option<Rejected>,
    panics_at_once: bool,
}

impl IntoFuture for Thenable {
    type Output = Result<(), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.log.push("into_future");
        if self.panics_at_once {
            let _: Result<(), _> = Rejected::WithPanic.reject("into_future");
        }
        Box::pin(async move {
            suspend().await;
            self.log.push("awaited");
            self.ends.map_or(Ok(()), |ends| ends.reject("handler"))
        })
    }
}

fn thenable(log: &Log, ends: Option<Rejected>) -> impl FnOnce() -> Thenable + use<> {
    let log = log.clone();
    move || Thenable { log, ends, panics_at_once: false }
}

#[test]
fn case_35_a_thenable_that_fulfils_later() {
    for rejected in REJECTED {
        let log = Log::default();
        assert_eq!(run(rejected.body("body").finally(thenable(&log, None))), rejected.outcome("body"));
        assert_eq!(log.events(), ["into_future", "awaited"]);
    }
}

#[test]
fn case_36_a_thenable_that_rejects_later() {
    let turn = exclusive();
    let log = Log::default();
    for thrown in REJECTED {
        assert_eq!(run(fulfilled(1).finally(thenable(&log, Some(thrown)))), thrown.outcome("handler"));
        let outcome = run(Rejected::WithError.body("body").finally(thenable(&log, Some(thrown))));
        assert_eq!(outcome, Rejected::WithError.outcome("body"), "the first failure wins");
        assert_eq!(turn.kinds(), [thrown.reported()]);
    }
}

#[test]
fn case_38_a_thenable_that_throws_when_it_is_turned_into_a_future() {
    let log = Log::default();
    let outcome =
        run(fulfilled(1).finally(|| Thenable { log: log.clone(), ends: None, panics_at_once: true }));
    assert_eq!(outcome, Rejected::WithPanic.outcome("into_future"));
    assert_eq!(log.events(), ["into_future"]);
}

#[test]
fn case_38_a_thenable_that_throws_beside_a_rejection_the_first_failure_wins() {
    let turn = exclusive();
    for rejected in REJECTED {
        let thenable = || Thenable { log: Log::default(), ends: None, panics_at_once: true };
        assert_eq!(run(rejected.body("body").finally(thenable)), rejected.outcome("body"));
        assert_eq!(turn.kinds(), [finally::FailureKind::CleanupPanicked]);
    }
}

#[test]
fn case_38_a_future_that_throws_in_its_first_poll() {
    let turn = exclusive();
    let throws = || std::future::poll_fn(|_| std::panic::panic_any(crate::Panic("first poll")));
    let throws = || -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(throws()) };
    assert_eq!(run(fulfilled(1).finally(throws)), Rejected::WithPanic.outcome("first poll"));
    for rejected in REJECTED {
        assert_eq!(run(rejected.body("body").finally(throws)), rejected.outcome("body"));
        assert_eq!(turn.kinds(), [finally::FailureKind::CleanupPanicked]);
    }
}

#[test]
fn case_38_with_the_attribute() {
    #[finally(Thenable { log: log.clone(), ends: None, panics_at_once: true })]
    async fn f(log: Log) -> Result<u8, Error> {
        fulfilled(1).await
    }
    assert_eq!(run(f(Log::default())), Rejected::WithPanic.outcome("into_future"));
}

#[test]
fn case_39_the_method_is_there_on_whatever_can_be_awaited() {
    let log = Log::default();
    let outcome = run(thenable(&log, None)().finally(|| log.push("handler")));
    assert_eq!(outcome, Outcome::Returned(Ok(())));
    assert_eq!(log.events(), ["into_future", "awaited", "handler"]);
}

#[test]
fn cases_35_and_36_with_the_attribute() {
    #[finally(thenable(&log, thrown)())]
    async fn f(log: Log, body: Option<Rejected>, thrown: Option<Rejected>) -> Result<u8, Error> {
        match body {
            Some(body) => body.body("body").await,
            None => fulfilled(1).await,
        }
    }
    let turn = exclusive();
    let log = Log::default();
    assert_eq!(run(f(log.clone(), None, None)), Outcome::Returned(Ok(1)));
    assert_eq!(log.take(), ["into_future", "awaited"]);
    for rejected in REJECTED {
        assert_eq!(run(f(log.clone(), Some(rejected), None)), rejected.outcome("body"));
        assert_eq!(run(f(log.clone(), None, Some(rejected))), rejected.outcome("handler"));
        assert!(turn.failures().is_empty());
        assert_eq!(run(f(log.clone(), Some(rejected), Some(rejected))), rejected.outcome("body"));
        assert_eq!(turn.kinds(), [rejected.reported()]);
    }
}
