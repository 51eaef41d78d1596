//! B. Rejected pass-through.

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, Rejected, run,
    support::{Error, Log, outcome::Outcome},
};

#[test]
fn case_5_the_handler_of_a_rejected_future_is_called() {
    for rejected in REJECTED {
        let log = Log::default();
        run(rejected.body("body").finally(|| log.push("handler")));
        assert_eq!(log.events(), ["handler"], "{rejected:?}");
    }
}

#[test]
fn case_5_with_the_attribute() {
    #[finally(log.push("handler"))]
    async fn f(log: Log, rejected: Rejected) -> Result<u8, Error> {
        rejected.body("body").await
    }
    for rejected in REJECTED {
        let log = Log::default();
        assert_eq!(run(f(log.clone(), rejected)), rejected.outcome("body"));
        assert_eq!(log.events(), ["handler"], "{rejected:?}");
    }
}

#[test]
fn case_6_it_is_rejected_with_the_same_reason() {
    for rejected in REJECTED {
        assert_eq!(run(rejected.body("body").finally(|| Ok::<(), Error>(()))), rejected.outcome("body"));
    }
}

#[test]
fn case_7_a_handler_cannot_turn_it_into_a_fulfilment() {
    for rejected in REJECTED {
        let outcome = run(rejected.body("body").finally(async || Ok::<(), Error>(())));
        assert_eq!(outcome, rejected.outcome("body"));
    }
}

#[test]
fn case_8_an_error_without_a_reason_is_one_too() {
    let log = Log::default();
    assert_eq!(run(async { Err::<(), ()>(()) }.finally(|| log.push("handler"))), Outcome::Returned(Err(())));
    assert_eq!(log.events(), ["handler"]);
}
