//! E. The handler throws: it evaluates to an `Err`, or it panics.

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, Rejected, fulfilled, run,
    support::{Error, Log, exclusive, hand::Hand},
};

#[test]
fn case_18_fulfilled_and_the_handler_throws() {
    for thrown in REJECTED {
        assert_eq!(run(fulfilled(1).finally(|| thrown.reject::<()>("handler"))), thrown.outcome("handler"));
    }
}

#[test]
fn case_18_a_handler_that_cannot_fail_panics() {
    let outcome = run(fulfilled(1).finally(|| std::panic::panic_any(crate::Panic("handler"))));
    assert_eq!(outcome, Rejected::WithPanic.outcome("handler"));
}

#[test]
fn case_19_rejected_and_the_handler_throws_the_first_failure_wins_and_the_other_is_reported() {
    let turn = exclusive();
    for body in REJECTED {
        for thrown in REJECTED {
            let outcome = run(body.body("body").finally(|| thrown.reject::<()>("handler")));
            assert_eq!(outcome, body.outcome("body"), "{body:?} {thrown:?}");
            assert_eq!(turn.kinds(), [thrown.reported()], "{body:?} {thrown:?}");
        }
    }
}

#[test]
fn case_19_a_handler_that_cannot_fail_panics_beside_an_error() {
    let turn = exclusive();
    for body in REJECTED {
        let outcome = run(body.body("body").finally(|| std::panic::panic_any(crate::Panic("handler"))));
        assert_eq!(outcome, body.outcome("body"));
        assert_eq!(turn.kinds(), [finally::FailureKind::CleanupPanicked]);
    }
}

#[test]
fn case_20_a_handler_that_throws_is_called_once() {
    let turn = exclusive();
    for thrown in REJECTED {
        let log = Log::default();
        let handler = |log: &Log| {
            let log = log.clone();
            move || {
                log.push("called");
                thrown.reject::<()>("handler")
            }
        };
        run(fulfilled(1).finally(handler(&log)));
        run(Rejected::WithError.body("body").finally(handler(&log)));
        run(Rejected::WithPanic.body("body").finally(handler(&log)));
        assert_eq!(log.count("called"), 3);

        let mut hand = Hand::new(fulfilled(1).finally(handler(&log)));
        assert!(hand.poll().is_pending());
        drop(hand);
        assert_eq!(log.count("called"), 4);
    }
    turn.failures();
}

#[test]
fn case_20_while_the_thread_unwinds() {
    let turn = exclusive();
    let log = Log::default();
    let panic = crate::support::panic_of(|| {
        let mut hand = Hand::new(fulfilled(1).finally(|| {
            log.push("called");
            Rejected::WithPanic.reject::<()>("handler")
        }));
        assert!(hand.poll().is_pending());
        let _: Result<(), _> = Rejected::WithPanic.reject("caller");
    });
    assert_eq!((panic.0, log.count("called")), ("caller", 1));
    assert_eq!(turn.kinds(), [finally::FailureKind::CleanupPanicked]);
}

#[test]
fn case_21_a_chain_whose_first_handler_throws() {
    let turn = exclusive();
    for body in REJECTED {
        for thrown in REJECTED {
            let outcome = run(body.body("body").finally(|| thrown.reject::<()>("one")).finally(|| {}));
            assert_eq!(outcome, body.outcome("body"));
            assert_eq!(turn.kinds(), [thrown.reported()]);
        }
    }
}

#[test]
fn case_22_a_chain_whose_handlers_both_throw() {
    let turn = exclusive();
    for thrown in REJECTED {
        let chain =
            fulfilled(1).finally(|| thrown.reject::<()>("one")).finally(|| thrown.reject::<()>("two"));
        assert_eq!(run(chain), thrown.outcome("one"), "the first failure, where promises give the last");
        assert_eq!(turn.kinds(), [thrown.reported()]);
    }
}

#[test]
fn case_23_body_and_handler_panic_and_the_process_goes_on() {
    let turn = exclusive();
    let outcome =
        run(Rejected::WithPanic.body("body").finally(|| Rejected::WithPanic.reject::<()>("handler")));
    assert_eq!(outcome, Rejected::WithPanic.outcome("body"));
    let failures = turn.failures();
    assert_eq!(failures[0].panic, Some(crate::Panic("handler")));
}

#[test]
fn cases_18_to_23_with_the_attribute() {
    #[finally(thrown.map_or(Ok(()), |thrown| thrown.reject("handler")))]
    async fn f(body: Option<Rejected>, thrown: Option<Rejected>) -> Result<u8, Error> {
        match body {
            Some(body) => body.body("body").await,
            None => fulfilled(1).await,
        }
    }
    let turn = exclusive();
    for thrown in REJECTED {
        assert_eq!(run(f(None, Some(thrown))), thrown.outcome("handler"));
        for body in REJECTED {
            assert_eq!(run(f(Some(body), Some(thrown))), body.outcome("body"));
            assert_eq!(turn.kinds(), [thrown.reported()]);
        }
    }
}
