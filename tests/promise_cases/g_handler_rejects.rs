//! G. The handler returns a promise that rejects.

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, Rejected, fulfilled, run,
    support::{Error, exclusive, suspend},
};

async fn rejects_after(suspends: usize, thrown: Rejected) -> Result<(), Error> {
    for _ in 0..suspends {
        suspend().await;
    }
    thrown.reject("handler")
}

#[test]
fn case_30_fulfilled_and_the_handler_rejects() {
    for thrown in REJECTED {
        assert_eq!(run(fulfilled(1).finally(move || rejects_after(0, thrown))), thrown.outcome("handler"));
    }
}

#[test]
fn case_31_rejected_and_the_handler_rejects_the_first_failure_wins() {
    let turn = exclusive();
    for body in REJECTED {
        for thrown in REJECTED {
            assert_eq!(
                run(body.body("body").finally(move || rejects_after(0, thrown))),
                body.outcome("body")
            );
            assert_eq!(turn.kinds(), [thrown.reported()]);
        }
    }
}

#[test]
fn case_32_fulfilled_and_the_handler_rejects_later() {
    for thrown in REJECTED {
        assert_eq!(run(fulfilled(1).finally(move || rejects_after(2, thrown))), thrown.outcome("handler"));
    }
}

#[test]
fn case_33_rejected_and_the_handler_rejects_later() {
    let turn = exclusive();
    for body in REJECTED {
        for thrown in REJECTED {
            assert_eq!(
                run(body.body("body").finally(move || rejects_after(2, thrown))),
                body.outcome("body")
            );
            assert_eq!(turn.kinds(), [thrown.reported()]);
        }
    }
}

#[test]
fn case_34_the_result_does_not_come_before_the_handler_has_ended() {
    let mut hand =
        crate::support::hand::Hand::new(fulfilled(1).finally(|| rejects_after(2, Rejected::WithError)));
    for _ in 0..3 {
        assert!(hand.poll().is_pending());
    }
    assert_eq!(hand.run(), Err(Error("handler")));
}

#[test]
fn cases_30_to_33_with_the_attribute() {
    #[finally(rejects_after(suspends, thrown))]
    async fn f(body: Option<Rejected>, suspends: usize, thrown: Rejected) -> Result<u8, Error> {
        match body {
            Some(body) => body.body("body").await,
            None => fulfilled(1).await,
        }
    }
    let turn = exclusive();
    for suspends in [0, 2] {
        for thrown in REJECTED {
            assert_eq!(run(f(None, suspends, thrown)), thrown.outcome("handler"));
            for body in REJECTED {
                assert_eq!(run(f(Some(body), suspends, thrown)), body.outcome("body"));
                assert_eq!(turn.kinds(), [thrown.reported()]);
            }
        }
    }
}

#[test]
fn case_34_with_the_attribute() {
    #[finally(rejects_after(2, thrown))]
    async fn f(thrown: Rejected) -> Result<u8, Error> {
        fulfilled(1).await
    }
    for thrown in REJECTED {
        let mut hand = crate::support::hand::Hand::new(crate::support::outcome::observe(f(thrown)));
        for _ in 0..3 {
            assert!(hand.poll().is_pending());
        }
        assert_eq!(hand.run(), thrown.outcome("handler"));
    }
}
