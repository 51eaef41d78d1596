//! P6: inner before outer, on every fate: an async cleanup is not polled before the async cleanups started inside its body
//! have ended. Siblings run side by side.

use finally::finally;
use tokio::sync::oneshot;

use crate::support::{
    ENDS, End, Error, Log, exclusive,
    hand::Hand,
    outcome::{cancel_after, observe},
    steps, suspend,
};

async fn clean(log: Log, name: &'static str) {
    steps(log, name, 2).await;
}

#[finally(clean(log.clone(), "outer"))]
async fn outer(log: Log, end: End) -> Result<(), Error> {
    middle(log.clone(), end).await
}

#[finally(clean(log.clone(), "middle"))]
async fn middle(log: Log, end: End) -> Result<(), Error> {
    inner(log.clone(), end).await
}

#[finally(clean(log.clone(), "inner"))]
async fn inner(log: Log, end: End) -> Result<(), Error> {
    suspend().await;
    suspend().await;
    end.reach("body")
}

/// Cancels something whose cleanup ends at a signal.
#[finally(clean(log.clone(), "outer"))]
async fn around_a_loser(log: Log, until: oneshot::Receiver<()>) {
    #[finally(async move { until.await.unwrap(); log.push("loser") })]
    async fn loser(log: Log, until: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = (&log, &until);
    }
    tokio::select! {
        biased;
        () = loser(log.clone(), until) => {}
        () = std::future::ready(()) => {}
    }
    log.push("body");
}

const NESTED: [&str; 9] =
    ["inner 0", "inner 1", "inner 2", "middle 0", "middle 1", "middle 2", "outer 0", "outer 1", "outer 2"];

/// Two annotated futures race, the winner ends the race, and the body goes on.
#[finally(clean(log.clone(), "outer"))]
async fn race(log: Log, after: usize) {
    tokio::select! {
        biased;
        () = leaf(log.clone(), "loser", 5) => unreachable!(),
        () = leaf(log.clone(), "winner", 1) => {}
    }
    steps(log.clone(), "body", after).await;
}

#[finally(clean(log.clone(), name))]
async fn leaf(log: Log, name: &'static str, suspends: usize) {
    for _ in 0..suspends {
        suspend().await;
    }
}

on_every_runtime! {
    p6_nested_cleanups_run_inner_to_outer_on_every_way_out(runtime) {
        let _turn = exclusive();
        for end in ENDS {
            let log = Log::default();
            runtime.run(observe(outer(log.clone(), end)));
            assert_eq!(log.events(), NESTED, "{end:?}");
        }
    }

    p6_nested_cleanups_run_inner_to_outer_wherever_they_are_cancelled(runtime) {
        let _turn = exclusive();
        for pendings in 1..=8 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, outer(log.clone(), End::Succeeds)));
            assert_eq!(log.events(), NESTED, "cancelled after {pendings} pendings");
        }
    }

    p6_the_cleanup_of_a_select_loser_ends_before_the_one_around_it_starts(runtime) {
        let _turn = exclusive();
        for cancel in [None].into_iter().chain((1..=12).map(Some)) {
            let log = Log::default();
            match cancel {
                None => drop(runtime.run(observe(race(log.clone(), 1)))),
                Some(pendings) => drop(runtime.run(cancel_after(pendings, race(log.clone(), 1)))),
            }
            let events = log.events();
            let at = |event: &str| events.iter().position(|it| it == event).unwrap_or_else(|| panic!("{event}: {events:?}"));
            assert!(at("loser 2") < at("outer 0"), "{cancel:?} {events:?}");
            assert!(at("winner 2") < at("outer 0"), "{cancel:?} {events:?}");
            assert_eq!(log.count("outer 2"), 1, "{cancel:?} {events:?}");
        }
    }
}

#[test]
fn p6_an_adopted_cleanup_goes_on_while_nobody_polls_the_body() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(race(log.clone(), 3));
    while log.count("body 0") == 0 {
        assert!(hand.poll().is_pending());
    }
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.count("loser 2"), 1, "{:?}", log.events());
    hand.run();
}

#[test]
fn p6_an_adopted_cleanup_counts_as_detached_until_it_ends() {
    let _turn = exclusive();
    let (end, until) = oneshot::channel();
    let mut hand = Hand::new(around_a_loser(Log::default(), until));
    assert!(hand.poll().is_pending(), "it waits for the loser");
    assert_eq!(finally::detached(), 1);
    end.send(()).unwrap();
    hand.run();
    assert_eq!(finally::detached(), 0);
}

#[test]
fn p6_a_body_that_ends_waits_for_what_it_adopted() {
    let _turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel();
    let mut hand = Hand::new(around_a_loser(log.clone(), until));
    for _ in 0..3 {
        assert!(hand.poll().is_pending());
    }
    assert_eq!(log.events(), ["body"]);
    end.send(()).unwrap();
    hand.run();
    assert_eq!(log.events(), ["body", "loser", "outer 0", "outer 1", "outer 2"]);
}

#[test]
fn p6_a_loser_with_a_tree_of_its_own_keeps_its_order() {
    #[finally(clean(log.clone(), "around"))]
    async fn around(log: Log) {
        tokio::select! {
            biased;
            result = outer(log.clone(), End::Succeeds) => result.unwrap(),
            () = std::future::ready(()) => {}
        }
    }
    let _turn = exclusive();
    let log = Log::default();
    Hand::new(around(log.clone())).run();
    assert_eq!(
        log.events(),
        NESTED.into_iter().chain(["around 0", "around 1", "around 2"]).collect::<Vec<_>>()
    );
}

#[test]
fn p6_siblings_cancelled_together_run_side_by_side() {
    /// Says bye, and waits for the bye of its sibling.
    async fn shake_hands(
        log: Log,
        name: &'static str,
        bye: oneshot::Sender<()>,
        other: oneshot::Receiver<()>,
    ) {
        bye.send(()).unwrap();
        other.await.unwrap();
        log.push(name);
    }
    #[finally(shake_hands(log, name, bye, other))]
    async fn sibling(log: Log, name: &'static str, bye: oneshot::Sender<()>, other: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = (&log, &name, &bye, &other);
    }
    #[finally(clean(log.clone(), "around"))]
    async fn around(log: Log) {
        let (one, hears_one) = oneshot::channel();
        let (two, hears_two) = oneshot::channel();
        tokio::join!(
            sibling(log.clone(), "sibling", one, hears_two),
            sibling(log.clone(), "sibling", two, hears_one)
        );
    }
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(around(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["sibling", "sibling", "around 0", "around 1", "around 2"]);
}

#[test]
fn p6_what_a_cleanup_cancels_ends_before_the_next_one_starts() {
    async fn clean_and_cancel(log: Log) {
        steps(log.clone(), "cleanup", 1).await;
        tokio::select! {
            biased;
            () = leaf(log.clone(), "cancelled in the cleanup", 9) => {}
            () = std::future::ready(()) => {}
        }
    }
    #[finally(clean_and_cancel(log.clone()))]
    async fn within(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    #[finally(clean(log.clone(), "outer"))]
    async fn around(log: Log) {
        within(log.clone()).await;
    }
    let _turn = exclusive();
    let expected = [
        "cleanup 0",
        "cleanup 1",
        "cancelled in the cleanup 0",
        "cancelled in the cleanup 1",
        "cancelled in the cleanup 2",
        "outer 0",
        "outer 1",
        "outer 2",
    ];
    let log = Log::default();
    Hand::new(around(log.clone())).run();
    assert_eq!(log.take(), expected, "returned");

    for pendings in 1..=2 {
        let mut hand = Hand::new(around(log.clone()));
        (0..pendings).for_each(|_| assert!(hand.poll().is_pending()));
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), expected, "cancelled after {pendings} pendings");
    }
}

#[test]
fn p6_two_attributes_run_top_to_bottom() {
    #[finally(clean(log.clone(), "top"))]
    #[finally(clean(log.clone(), "bottom"))]
    async fn f(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    let _turn = exclusive();
    let expected = ["top 0", "top 1", "top 2", "bottom 0", "bottom 1", "bottom 2"];
    let log = Log::default();
    Hand::new(f(log.clone())).run();
    assert_eq!(log.take(), expected, "returned");
    for pendings in 1..=5 {
        let mut hand = Hand::new(f(log.clone()));
        (0..pendings).for_each(|_| assert!(hand.poll().is_pending()));
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.take(), expected, "cancelled after {pendings} pendings");
    }
}

mod with_a_sync_cleanup_between {
    use super::*;

    /// A loser's cleanup that waits until the sync cleanup has run.
    #[finally(async move { until.await.unwrap(); log.push("loser") })]
    async fn waiting_loser(log: Log, until: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = (&log, &until);
    }

    #[finally({ log.push("sync"); let _ = done.send(()); })]
    async fn sync_between(log: Log, done: oneshot::Sender<()>, until: oneshot::Receiver<()>) {
        tokio::select! {
            biased;
            () = waiting_loser(log.clone(), until) => {}
            () = std::future::ready(()) => {}
        }
    }

    #[test]
    fn p6_it_does_not_wait_for_what_it_adopted_and_passes_it_on_outwards() {
        #[finally(clean(log.clone(), "outer"))]
        async fn around(log: Log) {
            let (done, until) = oneshot::channel();
            sync_between(log.clone(), done, until).await;
        }
        let _turn = exclusive();
        let log = Log::default();
        Hand::new(around(log.clone())).run();
        assert_eq!(log.events(), ["sync", "loser", "outer 0", "outer 1", "outer 2"]);
    }

    #[test]
    fn p6_outermost_it_hands_them_off() {
        let _turn = exclusive();
        let log = Log::default();
        let (done, until) = oneshot::channel();
        assert!(Hand::new(sync_between(log.clone(), done, until)).poll().is_ready());
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events(), ["sync", "loser"]);
    }

    #[test]
    fn p6_cancelled_it_runs_inside_the_drop_and_the_rest_keeps_its_order() {
        #[finally(clean(log.clone(), "outer"))]
        async fn around(log: Log) {
            between(log.clone()).await;
        }
        #[finally(log.push("sync"))]
        async fn between(log: Log) {
            leaf(log.clone(), "inner", 9).await;
        }
        let _turn = exclusive();
        let log = Log::default();
        let mut hand = Hand::new(around(log.clone()));
        assert!(hand.poll().is_pending());
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events(), ["sync", "inner 0", "inner 1", "inner 2", "outer 0", "outer 1", "outer 2"]);
    }
}
