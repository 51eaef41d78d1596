//! The promises for the block, in place and as a future, with each kind of cleanup.

use finally::block::finally;

use crate::support::{
    ENDS, End, Error, Log,
    account::{account, expected, raised},
    exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after, observe},
    steps, suspend,
};

async fn clean(log: Log, end: End) -> Result<(), Error> {
    steps(log, "clean", 2).await;
    end.reach("cleanup")
}

/// Suspends twice in the body and twice in the cleanup, and leaves by `?` where the body fails.
async fn in_place(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    let cleaned = log.clone();
    finally! {
        try {
            let _held = log.on_drop("body dropped");
            steps(log.clone(), "body", 2).await;
            body.reach("body")?;
        }
        finally { clean(cleaned, cleanup).await }
    }
    log.push("after");
    Ok(())
}

/// Does the same, with its result as the value.
async fn as_value(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    let cleaned = log.clone();
    let result = finally! {
        try {
            let _held = log.on_drop("body dropped");
            steps(log.clone(), "body", 2).await;
            body.reach("body")
        }
        finally { clean(cleaned, cleanup).await }
    };
    log.push("after");
    result
}

/// Does the same as a future.
async fn as_future(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    let cleaned = log.clone();
    finally! {
        <Result<(), Error>>
        async move {
            let _held = log.on_drop("body dropped");
            steps(log.clone(), "body", 2).await;
            body.reach("body")?;
            Ok(())
        }
        finally { clean(cleaned.clone(), cleanup) }
    }
    .await
}

/// The cleanup is evaluated in place.
async fn with_sync_cleanup(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    finally! {
        try {
            let _held = log.on_drop("body dropped");
            steps(log.clone(), "body", 2).await;
            body.reach("body")?;
        }
        finally { log.push("clean"); cleanup.reach("cleanup") }
    }
    log.push("after");
    Ok(())
}

/// Nothing awaits.
fn at_once(log: &Log, body: End, cleanup: End) -> Result<(), Error> {
    finally! {
        try {
            let _held = log.on_drop("body dropped");
            body.reach("body")?;
        }
        finally { log.push("clean"); cleanup.reach("cleanup") }
    }
    log.push("after");
    Ok(())
}

const WHOLE: [&str; 7] = ["body 0", "body 1", "body 2", "body dropped", "clean 0", "clean 1", "clean 2"];

fn without_after(log: &Log) -> Vec<String> {
    log.take().into_iter().filter(|event| event != "after").collect()
}

/// Checks a form whose cleanup awaits, on every way out, and cancelled at each await of body and cleanup.
macro_rules! promises_of {
    ($($form:ident)*) => {$(
        mod $form {
            use super::*;

            on_every_runtime! {
                p1_p2_p3_p7_on_every_way_out(runtime) {
                    let turn = exclusive();
                    for body in ENDS {
                        for cleanup in ENDS {
                            let log = Log::default();
                            let outcome = runtime.run(observe(super::super::$form(log.clone(), body, cleanup)));
                            assert_eq!(outcome, expected(body, cleanup), "{body:?} {cleanup:?}");
                            assert_eq!(without_after(&log), WHOLE, "{body:?} {cleanup:?}");
                            assert_eq!(account(&outcome, turn.failures()), raised(Some(body), cleanup));
                        }
                    }
                }

                p1_p2_p4_p5_p8_cancelled_at_each_await(runtime) {
                    let turn = exclusive();
                    for body in ENDS {
                        for cleanup in ENDS {
                            for pendings in 1..=4 {
                                let log = Log::default();
                                let run = cancel_after(pendings, super::super::$form(log.clone(), body, cleanup));
                                let outcome = runtime.run(run);
                                let (reached, mut events) = if pendings > 2 {
                                    (Some(body), WHOLE.to_vec())
                                } else {
                                    (None, WHOLE[..pendings].to_vec())
                                };
                                if pendings <= 2 {
                                    events.extend(&WHOLE[3..]);
                                }
                                assert_eq!(without_after(&log), events, "{body:?} {cleanup:?} after {pendings}");
                                assert_eq!(account(&outcome, turn.failures()), raised(reached, cleanup));
                            }
                        }
                    }
                }
            }

            #[test]
            fn p1_never_polled_nothing_runs() {
                let log = Log::default();
                drop(super::super::$form(log.clone(), End::Succeeds, End::Succeeds));
                let events: Vec<_> = log.take().into_iter().filter(|event| event != "body dropped").collect();
                assert!(events.is_empty(), "{events:?}");
            }

            #[test]
            fn p10_no_extra_poll_and_no_extra_wake() {
                let mut hand = Hand::new(super::super::$form(Log::default(), End::Succeeds, End::Succeeds));
                hand.run().unwrap();
                assert_eq!((hand.polls, hand.wakes.count()), (5, 4));
            }
        }
    )*};
}

mod forms {
    use super::*;

    promises_of! { in_place as_value as_future }
}

on_every_runtime! {
    p1_p4_a_sync_cleanup_runs_inside_the_drop(runtime) {
        let turn = exclusive();
        for body in ENDS {
            for cleanup in ENDS {
                let log = Log::default();
                let outcome = runtime.run(observe(with_sync_cleanup(log.clone(), body, cleanup)));
                assert_eq!(outcome, expected(body, cleanup));
                assert_eq!(without_after(&log), ["body 0", "body 1", "body 2", "body dropped", "clean"]);
                assert_eq!(account(&outcome, turn.failures()), raised(Some(body), cleanup));
                for pendings in 1..=2 {
                    let log = Log::default();
                    let outcome = runtime.run(cancel_after(pendings, with_sync_cleanup(log.clone(), body, cleanup)));
                    let mut events = WHOLE[..pendings].to_vec();
                    events.extend(["body dropped", "clean"]);
                    assert_eq!(without_after(&log), events);
                    assert_eq!(account(&outcome, turn.failures()), raised(None, cleanup));
                }
            }
        }
    }
}

#[test]
fn p1_p2_p7_p8_where_nothing_awaits() {
    let turn = exclusive();
    for body in ENDS {
        for cleanup in ENDS {
            let log = Log::default();
            let outcome =
                match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(&log, body, cleanup)))
                {
                    Ok(result) => Outcome::Returned(result),
                    Err(payload) => Outcome::Panicked(*payload.downcast().unwrap()),
                };
            assert_eq!(outcome, expected(body, cleanup));
            assert_eq!(without_after(&log), ["body dropped", "clean"]);
            assert_eq!(account(&outcome, turn.failures()), raised(Some(body), cleanup));
        }
    }
}

#[test]
fn p2_what_the_body_moves_in_is_dropped_before_the_cleanup() {
    fn at_once(log: &Log, early: bool) -> Option<()> {
        let held = log.on_drop("held");
        finally! { try { if early { return None } drop(held); } finally { log.push("clean"); } }
        Some(())
    }
    async fn awaited(log: &Log, early: bool) -> Option<()> {
        let held = log.on_drop("held");
        finally! { try { suspend().await; if early { return None } drop(held); } finally { log.push("clean"); } }
        Some(())
    }
    for early in [true, false] {
        let log = Log::default();
        at_once(&log, early);
        assert_eq!(log.take().join(" "), "held clean");
        Hand::new(awaited(&log, early)).run();
        assert_eq!(log.take().join(" "), "held clean");
    }
}

#[test]
fn p2_a_panic_out_of_what_the_body_holds_does_not_lose_the_cleanup() {
    fn at_once(log: &Log) -> Option<u8> {
        let bomb = log.bomb("bomb");
        finally! { try { if log.count("bomb") == 0 { return None } drop(bomb); } finally { log.push("clean"); } }
        Some(1)
    }
    let log = Log::default();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(&log))).is_err());
    assert_eq!(log.take().join(" "), "bomb clean");
}

#[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
#[test]
fn p4_a_cancelled_block_waits_for_nothing() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(in_place(log.clone(), End::Succeeds, End::Succeeds));
    assert!(hand.poll().is_pending());
    let runtime = crate::support::runtimes::current_thread();
    runtime.block_on(async {
        drop(hand);
        assert_eq!(log.take(), ["body 0", "body dropped"]);
        finally::drain().await;
    });
    assert_eq!(log.take(), ["clean 0", "clean 1", "clean 2"]);
}

#[test]
fn p6_what_is_cancelled_inside_is_adopted_by_the_block_around() {
    async fn loser(log: Log) {
        finally! { try { suspend().await; suspend().await; suspend().await; } finally { steps(log, "loser", 2).await; } }
    }
    async fn race(log: Log) {
        let cleaned = log.clone();
        finally! {
            try {
                tokio::select! { biased; () = loser(log.clone()) => {} () = suspend() => {} }
                log.push("body");
            }
            finally { steps(cleaned, "outer", 1).await; }
        }
    }
    let _turn = exclusive();
    let log = Log::default();
    Hand::new(race(log.clone())).run();
    let mut events = log.take();
    // The body goes on beside the cleanup of the loser.
    events.retain(|event| event != "body");
    assert_eq!(events, ["loser 0", "loser 1", "loser 2", "outer 0", "outer 1"]);
}

/// A block in place adds these bytes to the enclosing future. It borrows variables, and holds the variables that it moves.
#[test]
fn p10_a_block_adds_little_to_a_future() {
    async fn plain(argument: [u8; 256]) -> Option<u8> {
        suspend().await;
        argument.first().copied()
    }
    async fn block(argument: [u8; 256]) -> Option<u8> {
        let first = finally! { try { suspend().await; *argument.first()? } finally {} };
        Some(first)
    }
    let (plain, block) = (size_of_val(&plain([0; 256])), size_of_val(&block([0; 256])));
    assert!(block <= plain + 128, "{block} and {plain}");
}
