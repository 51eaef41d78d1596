//! P7: the cleanup cannot replace or swallow a result. The first failure wins.

use finally::{FailureKind, finally};

use crate::{
    subject,
    support::{
        ENDS, End, Error, Log, Panic,
        account::expected,
        exclusive,
        hand::Hand,
        outcome::{Outcome, observe},
        panic_of, suspend,
    },
    sync_subject,
};

on_every_runtime! {
    p7_the_first_failure_is_what_the_caller_gets(runtime) {
        let turn = exclusive();
        for body in ENDS {
            for cleanup in ENDS {
                let outcome = runtime.run(observe(subject(Log::default(), body, cleanup)));
                assert_eq!(outcome, expected(body, cleanup), "awaited, {body:?} {cleanup:?}");
                let outcome = runtime.run(observe(sync_subject(Log::default(), body, cleanup)));
                assert_eq!(outcome, expected(body, cleanup), "in place, {body:?} {cleanup:?}");
            }
        }
        turn.failures();
    }
}

#[test]
fn p7_a_function_that_is_not_async_follows_the_same_rule() {
    #[finally(cleanup.reach("cleanup"))]
    fn f(body: End, cleanup: End) -> Result<(), Error> {
        body.reach("body")
    }
    let turn = exclusive();
    for body in ENDS {
        for cleanup in ENDS {
            let outcome = match std::panic::catch_unwind(|| f(body, cleanup)) {
                Ok(value) => Outcome::Returned(value),
                Err(payload) => Outcome::Panicked(*payload.downcast().unwrap()),
            };
            assert_eq!(outcome, expected(body, cleanup), "{body:?} {cleanup:?}");
        }
    }
    turn.failures();
}

#[test]
fn p7_the_error_of_a_cleanup_becomes_the_error_of_the_function() {
    #[derive(Debug, PartialEq)]
    struct Wider(Error);
    impl From<Error> for Wider {
        fn from(error: Error) -> Self {
            Self(error)
        }
    }
    #[finally(clean())]
    async fn awaited() -> Result<u8, Wider> {
        Ok(1)
    }
    #[finally(End::Fails.reach("cleanup"))]
    async fn in_place() -> Result<u8, Wider> {
        Ok(1)
    }
    #[finally(End::Fails.reach("cleanup"))]
    async fn boxed() -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
        Ok(1)
    }
    async fn clean() -> Result<(), Error> {
        suspend().await;
        Err(Error("cleanup"))
    }
    let _turn = exclusive();
    assert_eq!(Hand::new(awaited()).run(), Err(Wider(Error("cleanup"))));
    assert_eq!(Hand::new(in_place()).run(), Err(Wider(Error("cleanup"))));
    assert_eq!(Hand::new(boxed()).run().unwrap_err().to_string(), "cleanup");
}

#[test]
fn p7_a_cleanup_that_cannot_fail_and_panics_does_not_hide_an_error() {
    #[finally(std::panic::panic_any(Panic("cleanup")))]
    async fn f(body: End) -> Result<(), Error> {
        suspend().await;
        body.reach("body")
    }
    let turn = exclusive();
    assert_eq!(Hand::new(f(End::Fails)).run(), Err(Error("body")));
    let failures = turn.failures();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].kind, failures[0].panic), (FailureKind::CleanupPanicked, Some(Panic("cleanup"))));
    assert_eq!(panic_of(|| Hand::new(f(End::Succeeds)).run()), Panic("cleanup"));
}

#[test]
fn p7_a_panic_while_the_cleanup_is_built_counts_as_one_of_the_cleanup() {
    #[finally(build(log.clone(), true))]
    async fn f(log: Log, body: End) -> Result<(), Error> {
        suspend().await;
        body.reach("body")
    }
    fn build(log: Log, panics: bool) -> impl Future<Output = ()> + Send {
        log.push("built");
        if panics {
            std::panic::panic_any(Panic("build"));
        }
        suspend()
    }
    let turn = exclusive();
    let log = Log::default();
    assert_eq!(panic_of(|| Hand::new(f(log.clone(), End::Succeeds)).run()), Panic("build"));
    assert_eq!(Hand::new(observe(f(log.clone(), End::Fails))).run(), Outcome::Returned(Err(Error("body"))));
    assert_eq!(Hand::new(observe(f(log.clone(), End::Panics))).run(), Outcome::Panicked(Panic("body")));
    let mut cancelled = Hand::new(f(log.clone(), End::Succeeds));
    assert!(cancelled.poll().is_pending());
    drop(cancelled);
    assert_eq!(log.count("built"), 4);
    let failures = turn.failures();
    assert_eq!(failures.len(), 3, "{failures:?}");
    assert!(
        failures.iter().all(|it| it.kind == FailureKind::CleanupPanicked && it.panic == Some(Panic("build")))
    );
}

#[test]
fn p7_other_outputs_than_results_pass_through() {
    #[finally(drop(text))]
    async fn option(text: String) -> Option<usize> {
        let length = Some(text.len())?;
        (length > 0).then_some(length)
    }
    assert_eq!(Hand::new(option("text".into())).run(), Some(4));
    assert_eq!(Hand::new(option(String::new())).run(), None);
}
