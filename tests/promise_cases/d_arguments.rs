//! D. Handler arguments: none, by the type of the handler.

use finally::FinallyExt;

use crate::{
    REJECTED, fulfilled, run,
    support::{Log, hand::Hand},
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
