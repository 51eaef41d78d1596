//! A. Fulfilled pass-through.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use finally::{FinallyExt, finally};

use crate::{
    fulfilled, run,
    support::{Log, outcome::Outcome},
};

#[test]
fn case_1_the_handler_of_a_fulfilled_future_is_called() {
    let called = AtomicUsize::new(0);
    let outcome = run(fulfilled(1).finally(|| {
        called.fetch_add(1, SeqCst);
    }));
    assert_eq!((outcome, called.into_inner()), (Outcome::Returned(Ok(1)), 1));
}

#[test]
fn case_1_with_the_attribute() {
    #[finally({ called.fetch_add(1, SeqCst); })]
    async fn f(called: &AtomicUsize) -> u8 {
        fulfilled(1).await.unwrap()
    }
    let called = AtomicUsize::new(0);
    assert_eq!(run(f(&called)), Outcome::Returned(1));
    assert_eq!(called.into_inner(), 1);
}

/// A value that is no result of a cleanup does not compile: `tests/messages/ui/method/handler_returns_a_value.rs`.
#[test]
fn case_2_what_the_handler_evaluates_to_is_not_the_result() {
    assert_eq!(run(fulfilled(1).finally(|| Ok::<(), crate::Error>(()))), Outcome::Returned(Ok(1)));
}

#[test]
fn case_3_the_handler_runs_before_whoever_awaits_goes_on() {
    let log = Log::default();
    run(async {
        fulfilled(1).finally(|| log.push("handler")).await.unwrap();
        log.push("consumer");
    });
    assert_eq!(log.events(), ["handler", "consumer"]);
}

#[test]
fn case_4_a_value_of_any_type_passes() {
    assert_eq!(run(async { "text" }.finally(|| {})), Outcome::Returned("text"));
    assert_eq!(run(async { None::<u8> }.finally(|| {})), Outcome::Returned(None));
    assert_eq!(run(async {}.lastly(|| {})), Outcome::Returned(()));
    assert_eq!(run(async { 1 }.finally_with(|fate| assert!(fate.is_returned()))), Outcome::Returned(1));
    assert_eq!(run(async { 1 }.lastly_with(|fate| assert!(fate.is_returned()))), Outcome::Returned(1));
}

/// The optional handler: nothing instead of one. A handler that is no function does not compile, which is cases 10, 11
/// and 13.
#[test]
fn case_10_and_11_no_handler_changes_nothing() {
    fn nothing() {}
    assert_eq!(
        run(fulfilled(1).lastly(nothing).lastly(nothing).lastly(nothing).lastly(nothing)),
        Outcome::Returned(Ok(1))
    );
    for rejected in crate::REJECTED {
        assert_eq!(run(rejected.body("body").finally(nothing)), rejected.outcome("body"));
    }
}
