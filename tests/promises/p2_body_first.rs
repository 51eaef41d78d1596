//! P2: everything the body holds is dropped before the cleanup starts.

use finally::finally;

use crate::{
    subject,
    support::{
        ENDS, End, Log, OnDrop, exclusive,
        hand::Hand,
        outcome::{cancel_after, observe},
        suspend,
    },
    sync_subject,
};

on_every_runtime! {
    p2_what_the_body_holds_is_dropped_before_the_cleanup_starts(runtime) {
        let turn = exclusive();
        for body in ENDS {
            for cancel in [None, Some(1), Some(2)] {
                for sync in [false, true] {
                    let log = Log::default();
                    match (cancel, sync) {
                        (None, false) => drop(runtime.run(observe(subject(log.clone(), body, End::Succeeds)))),
                        (None, true) => drop(runtime.run(observe(sync_subject(log.clone(), body, End::Succeeds)))),
                        (Some(at), false) => drop(runtime.run(cancel_after(at, subject(log.clone(), body, End::Succeeds)))),
                        (Some(at), true) => drop(runtime.run(cancel_after(at, sync_subject(log.clone(), body, End::Succeeds)))),
                    }
                    let events = log.events();
                    let dropped = events.iter().position(|event| event == "body dropped").unwrap();
                    let cleaned = events.iter().position(|event| event.starts_with("clean")).unwrap();
                    assert!(dropped < cleaned, "{body:?} {cancel:?} {events:?}");
                }
            }
        }
        turn.failures();
    }
}

/// As an `async fn` without the attribute does: the body's locals, then the arguments in reverse order.
fn plain_order() -> Vec<String> {
    async fn plain(log: Log, _: OnDrop, two: OnDrop, (three, _): (OnDrop, OnDrop)) {
        let _local = log.on_drop("local");
        suspend().await;
        let _uses = (&two, &three);
    }
    let log = Log::default();
    let run = plain(
        log.clone(),
        log.on_drop("one"),
        log.on_drop("two"),
        (log.on_drop("three"), log.on_drop("four")),
    );
    Hand::new(run).run();
    log.events()
}

#[test]
fn p2_arguments_that_the_cleanup_does_not_mention_die_with_the_body_in_the_plain_order() {
    #[finally(|| at_exit.push("clean"))]
    async fn mentions_another(log: Log, at_exit: Log, _: OnDrop, two: OnDrop, (three, _): (OnDrop, OnDrop)) {
        let _local = log.on_drop("local");
        suspend().await;
        let _uses = (&two, &three);
    }
    let log = Log::default();
    let run = || {
        mentions_another(
            log.clone(),
            log.clone(),
            log.on_drop("one"),
            log.on_drop("two"),
            (log.on_drop("three"), log.on_drop("four")),
        )
    };
    let mut expected = plain_order();
    expected.push("clean".to_owned());

    Hand::new(run()).run();
    assert_eq!(log.take(), expected, "returned");

    let mut cancelled = Hand::new(run());
    assert!(cancelled.poll().is_pending());
    drop(cancelled);
    assert_eq!(log.take(), expected, "cancelled");
}

#[test]
fn p2_arguments_of_a_cleanup_that_mentions_none_die_in_the_plain_order() {
    thread_local! {
        static LOG: Log = Log::default();
    }
    #[finally(LOG.with(|log| log.push("clean")))]
    async fn mentions_none(one: OnDrop, two: OnDrop, _: OnDrop, three: OnDrop) {
        let _local = LOG.with(|log| log.on_drop("local"));
        suspend().await;
        drop(two);
        let _uses = (&one, &three);
    }
    let log = LOG.with(Log::clone);
    let run =
        || mentions_none(log.on_drop("one"), log.on_drop("two"), log.on_drop("_"), log.on_drop("three"));

    Hand::new(run()).run();
    assert_eq!(log.take(), ["two", "local", "three", "_", "one", "clean"], "returned");

    let mut cancelled = Hand::new(run());
    assert!(cancelled.poll().is_pending());
    drop(cancelled);
    assert_eq!(log.take(), ["local", "three", "_", "two", "one", "clean"], "cancelled");
}

#[test]
fn p2_an_argument_that_a_sync_cleanup_mentions_is_dropped_right_after_it() {
    #[finally(log.push(format!("clean {}", held.0)))]
    async fn f(log: Log, held: (u8, OnDrop), other: OnDrop) {
        suspend().await;
        let _uses = (&held, &other);
    }
    let log = Log::default();
    let run = || f(log.clone(), (1, log.on_drop("held")), log.on_drop("other"));

    Hand::new(run()).run();
    assert_eq!(log.take(), ["other", "clean 1", "held"], "returned");

    let mut cancelled = Hand::new(run());
    assert!(cancelled.poll().is_pending());
    drop(cancelled);
    assert_eq!(log.take(), ["other", "clean 1", "held"], "cancelled");
}

#[test]
fn p2_an_argument_that_an_awaited_cleanup_only_looks_at_is_dropped_before_it_is_polled() {
    async fn clean(log: Log) {
        log.push("clean");
    }
    #[finally(clean(held.0.clone()))]
    async fn f(held: (Log, OnDrop)) {
        suspend().await;
        let _uses = &held;
    }
    let _turn = exclusive();
    let log = Log::default();
    let run = || f((log.clone(), log.on_drop("held")));

    Hand::new(run()).run();
    assert_eq!(log.take(), ["held", "clean"], "returned");

    let mut cancelled = Hand::new(run());
    assert!(cancelled.poll().is_pending());
    drop(cancelled);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), ["held", "clean"], "cancelled");
}

#[test]
fn p2_an_argument_that_an_awaited_cleanup_takes_lives_as_long_as_it() {
    #[finally({ let held = held; suspend().await; held.0.push("clean") })]
    async fn f(held: (Log, OnDrop)) {
        suspend().await;
        let _uses = &held;
    }
    let _turn = exclusive();
    let log = Log::default();
    let run = || f((log.clone(), log.on_drop("held")));

    Hand::new(run()).run();
    assert_eq!(log.take(), ["clean", "held"], "returned");

    let mut cancelled = Hand::new(run());
    assert!(cancelled.poll().is_pending());
    drop(cancelled);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), ["clean", "held"], "cancelled");
}
