//! Q. Explicit resource management: guards and scopes.

use finally::{Guard, Scope, guard};

use crate::{
    REJECTED, run,
    support::{Error, Log, exclusive, hand::Hand, outcome::Outcome, steps, suspend},
};

#[test]
fn case_115_several_resources_are_disposed_in_reverse_order_each_awaited() {
    let log = Log::default();
    let mut scope = Scope::<Error>::new();
    for name in ["one", "two", "three"] {
        let log = log.clone();
        scope.defer(move || steps(log, name, 1));
    }
    assert_eq!(run(scope.close()), Outcome::Returned(Ok(())));
    assert_eq!(log.events(), ["three 0", "three 1", "two 0", "two 1", "one 0", "one 1"]);
}

#[test]
fn case_116_exactly_one_error_is_thrown_as_it_is() {
    for thrown in REJECTED {
        let mut scope = Scope::<Error>::new();
        scope.defer(|| {});
        scope.defer(move || thrown.reject::<()>("dispose"));
        scope.defer(suspend);
        assert_eq!(run(scope.close()), thrown.outcome("dispose"));
    }
}

#[test]
fn case_117_of_two_errors_the_first_is_thrown_and_the_other_reported() {
    let turn = exclusive();
    for first in REJECTED {
        for second in REJECTED {
            let mut scope = Scope::<Error>::new();
            scope.defer(move || second.reject::<()>("second"));
            scope.defer(move || first.reject::<()>("first"));
            assert_eq!(run(scope.close()), first.outcome("first"));
            assert_eq!(turn.kinds(), [second.reported()]);
        }
    }
}

#[test]
fn case_116_and_117_the_error_of_the_body_is_thrown_as_it_is_whatever_the_disposals_do() {
    async fn disposes(body: crate::Rejected, thrown: Option<crate::Rejected>) -> Result<u8, Error> {
        let _one = guard(1, |_| thrown.map_or(Ok(()), |thrown| thrown.reject("one")));
        let mut scope = Scope::<Error>::new();
        scope.defer(move || thrown.map_or(Ok(()), |thrown| thrown.reject("two")));
        let two: u8 = body.body("body").await?;
        scope.close().await?;
        Ok(two)
    }
    let turn = exclusive();
    for body in REJECTED {
        assert_eq!(run(disposes(body, None)), body.outcome("body"));
        for thrown in REJECTED {
            assert_eq!(run(disposes(body, Some(thrown))), body.outcome("body"));
            assert_eq!(turn.kinds(), [thrown.reported(), thrown.reported()]);
        }
    }
}

#[test]
fn case_118_one_disposal_fails_and_the_rest_still_run() {
    for thrown in REJECTED {
        let log = Log::default();
        let mut scope = Scope::<Error>::new();
        let (one, three) = (log.clone(), log.clone());
        scope.defer(move || one.push("one"));
        scope.defer(move || thrown.reject::<()>("two"));
        scope.defer(move || three.push("three"));
        run(scope.close());
        assert_eq!(log.events(), ["three", "one"]);
    }
}

#[test]
fn case_119_a_later_initializer_throws_and_what_was_acquired_is_disposed() {
    async fn initialize(log: Log, rejected: crate::Rejected) -> Result<u8, Error> {
        let _one = guard(1, |value| log.push(format!("disposed {value}")));
        suspend().await;
        let two: u8 = rejected.reject("initializer")?;
        Ok(two)
    }
    for rejected in REJECTED {
        let log = Log::default();
        assert_eq!(run(initialize(log.clone(), rejected)), rejected.outcome("initializer"));
        assert_eq!(log.events(), ["disposed 1"]);
    }
}

#[test]
fn case_120_leaving_early_and_the_disposal_throws() {
    async fn leaves_early(thrown: crate::Rejected, breaks: bool) -> Result<u8, Error> {
        'scope: {
            let one = guard(1, |_| thrown.reject::<()>("dispose"));
            Guard::release(one).await?;
            if breaks {
                break 'scope;
            }
            return Ok(1);
        }
        Ok(2)
    }
    let turn = exclusive();
    for thrown in REJECTED {
        for breaks in [true, false] {
            assert_eq!(run(leaves_early(thrown, breaks)), thrown.outcome("dispose"));
        }
    }
    assert!(turn.failures().is_empty(), "thrown, and not reported");
}

#[test]
fn case_121_and_122_disposing_twice_does_not_compile_and_a_close_is_awaited_by_its_owner() {
    let log = Log::default();
    let seen = log.clone();
    let value = guard((), move |()| steps(seen, "dispose", 1));
    let mut closing = Hand::new(Guard::release(value));
    assert!(closing.poll().is_pending());
    closing.run();
    assert_eq!(log.events(), ["dispose 0", "dispose 1"]);
}

#[test]
fn case_123_a_disposer_may_await_or_not() {
    let log = Log::default();
    let (one, two) = (log.clone(), log.clone());
    run(async {
        Guard::release(guard(1, move |value| one.push(format!("in place {value}")))).await;
        Guard::release(guard(2, async move |value: u8| {
            suspend().await;
            two.push(format!("awaited {value}"));
        }))
        .await;
    });
    assert_eq!(log.events(), ["in place 1", "awaited 2"]);
}

#[test]
fn case_126_moving_it_out_disposes_nothing() {
    let log = Log::default();
    let value = guard(String::from("kept"), |_| log.push("disposed"));
    assert_eq!(Guard::disarm(value), "kept");
    assert!(log.events().is_empty());
}
