//! D. Handler arguments: none, by the type of the handler.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, Rejected, fulfilled, run,
    support::{Error, Log, hand::Hand},
};

fn handler_without_arguments(log: &Log) -> impl FnOnce() {
    let log = log.clone();
    move || log.push("called")
}

#[test]
fn case_14_fulfilled() {
    let log = Log::default();
    run(fulfilled(1).finally(handler_without_arguments(&log)));
    assert_eq!(log.events(), ["called"]);
}

#[test]
fn case_15_rejected() {
    for rejected in REJECTED {
        let log = Log::default();
        run(rejected.body("body").finally(handler_without_arguments(&log)));
        assert_eq!(log.events(), ["called"]);
    }
}

#[test]
fn case_16_cancelled() {
    let log = Log::default();
    let mut hand = Hand::new(fulfilled(1).finally(handler_without_arguments(&log)));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.events(), ["called"]);
}

#[test]
fn cases_14_to_16_with_the_attribute() {
    static CALLED: AtomicUsize = AtomicUsize::new(0);

    fn handler_without_arguments() {
        CALLED.fetch_add(1, SeqCst);
    }
    #[finally(handler_without_arguments)]
    async fn f(rejected: Option<Rejected>) -> Result<u8, Error> {
        match rejected {
            Some(rejected) => rejected.body("body").await,
            None => fulfilled(1).await,
        }
    }
    for ends in [None, Some(Rejected::WithError), Some(Rejected::WithPanic)] {
        run(f(ends));
    }
    assert_eq!(CALLED.load(SeqCst), 3);
    let mut hand = Hand::new(f(None));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(CALLED.load(SeqCst), 4);
}
