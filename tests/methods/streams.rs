//! `.finally()` on streams.

use std::pin::pin;

use finally::{FailureKind, FinallyExt as _, FinallyStreamExt};
use futures::{
    Stream, StreamExt as _,
    stream::{self, FusedStream as _},
};

use crate::support::{
    End, Error, Log, Panic, exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after},
    panic_of, steps, suspend,
};

fn numbers(log: &Log) -> impl Stream<Item = u8> + use<> {
    let held = log.on_drop("stream dropped");
    stream::unfold((0, held), |(next, held)| async move {
        suspend().await;
        (next < 3).then_some((next, (next + 1, held)))
    })
}

#[test]
fn the_items_pass_and_the_handler_runs_at_the_end() {
    let log = Log::default();
    let (items, clean) = (log.clone(), log.clone());
    let run = async {
        let mut stream = pin!(numbers(&log).finally(move || clean.push("clean")));
        while let Some(item) = stream.next().await {
            items.push(item.to_string());
        }
        items.push("end");
        assert_eq!(stream.next().await, None, "it stays ended");
    };
    Hand::new(run).run();
    assert_eq!(log.events(), ["0", "1", "2", "stream dropped", "clean", "end"]);
}

#[test]
fn p3_the_end_waits_for_an_async_handler() {
    let _turn = exclusive();
    let log = Log::default();
    let (items, clean) = (log.clone(), log.clone());
    let run = async {
        let count = numbers(&Log::default()).finally(move || steps(clean, "clean", 1)).count().await;
        items.push(format!("{count} items"));
    };
    Hand::new(run).run();
    assert_eq!(log.events(), ["clean 0", "clean 1", "3 items"]);
}

on_every_runtime! {
    p1_dropped_after_any_item_it_runs_once(runtime) {
        let _turn = exclusive();
        for taken in 1..=3 {
            let log = Log::default();
            let clean = log.clone();
            let stream = numbers(&log).finally(move || steps(clean, "clean", 1));
            assert_eq!(runtime.run(stream.take(taken).count()), taken);
            assert_eq!(log.events(), ["stream dropped", "clean 0", "clean 1"]);
        }
    }
}

on_every_runtime! {
    p1_p4_p5_dropped_half_way_it_runs_once_to_its_end(runtime) {
        let _turn = exclusive();
        // Three items and the end are pending once each, and then the handler is twice.
        for pendings in 1..=6 {
            let log = Log::default();
            let clean = log.clone();
            let counted = numbers(&log).finally(move || steps(clean, "clean", 2)).count();
            assert_eq!(runtime.run(cancel_after(pendings, counted)), Outcome::Cancelled);
            assert_eq!(log.events(), ["stream dropped", "clean 0", "clean 1", "clean 2"], "{pendings}");
        }
    }

    p6_what_is_cancelled_inside_a_stream_ends_before_its_handler_starts(runtime) {
        let _turn = exclusive();
        for pendings in 1..=3 {
            let log = Log::default();
            let (inner, outer) = (log.clone(), log.clone());
            let stream = stream::once(suspend_twice().finally(move || steps(inner, "inner", 1)))
                .finally(move || steps(outer, "outer", 1));
            runtime.run(cancel_after(pendings, stream.count()));
            assert_eq!(log.events(), ["inner 0", "inner 1", "outer 0", "outer 1"], "{pendings}");
        }
    }
}

async fn suspend_twice() {
    suspend().await;
    suspend().await;
}

#[test]
fn p7_p8_a_handler_that_panics_takes_the_place_of_the_end_or_is_reported() {
    let turn = exclusive();
    let panics = || std::panic::panic_any(Panic("clean"));
    assert_eq!(panic_of(|| Hand::new(stream::iter([1]).finally(panics).count()).run()), Panic("clean"));
    let panics_later = || async {
        suspend().await;
        std::panic::panic_any(Panic("clean"))
    };
    assert_eq!(panic_of(|| Hand::new(stream::iter([1]).finally(panics_later).count()).run()), Panic("clean"));
    assert!(turn.failures().is_empty());

    let failing = stream::once(async { End::Panics.reach("item") });
    assert_eq!(panic_of(|| Hand::new(failing.finally(panics).count()).run()), Panic("item"));
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
    assert_eq!(Hand::new(stream::iter([1, 2]).finally(panics).take(1).count()).run(), 1);
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}

#[test]
fn it_stays_ended_after_a_panic() {
    let mut stream = Box::pin(stream::once(async { End::Panics.reach("item") }).finally(|| {}));
    assert!(!stream.is_terminated());
    assert_eq!(panic_of(|| Hand::new(stream.next()).run()), Panic("item"));
    assert!(stream.is_terminated());
    assert_eq!(Hand::new(stream.next()).run(), None);
}

#[test]
fn it_says_how_many_items_are_left() {
    let mut stream = pin!(stream::iter([1, 2, 3]).finally(|| {}));
    assert_eq!(stream.size_hint(), (3, Some(3)));
    Hand::new(stream.next()).run();
    assert_eq!(stream.size_hint(), (2, Some(2)));
    Hand::new(stream.as_mut().count()).run();
    assert_eq!(stream.size_hint(), (0, Some(0)));
}

#[test]
fn p1_never_polled_it_does_not_run() {
    let log = Log::default();
    drop(numbers(&Log::default()).finally(|| log.push("clean")));
    assert!(log.events().is_empty());
}

#[test]
fn p3_a_panic_goes_on_after_the_handler() {
    let log = Log::default();
    let stream = stream::once(async { End::Panics.reach("item") }).finally(|| log.push("clean"));
    assert_eq!(panic_of(|| Hand::new(stream.count()).run()), Panic("item"));
    assert_eq!(log.events(), ["clean"]);
}

#[test]
fn an_error_among_the_items_is_an_item() {
    let log = Log::default();
    let results = stream::iter([Ok(1), Err(Error("item")), Ok(2)]).finally(|| log.push("clean"));
    let collected: Vec<_> = Hand::new(results.collect()).run();
    assert_eq!(collected, [Ok(1), Err(Error("item")), Ok(2)]);
    assert_eq!(log.take(), ["clean"]);

    let mut owner_errs_out = Hand::new(async {
        let mut results =
            pin!(stream::iter([Ok(1), Err(Error("item")), Ok(2)]).finally(|| log.push("clean")));
        while let Some(result) = results.next().await {
            result?;
        }
        Ok::<(), Error>(())
    });
    assert_eq!(owner_errs_out.run(), Err(Error("item")));
    assert_eq!(log.events(), ["clean"]);
}

#[test]
fn the_handler_sees_how_the_stream_ended() {
    let log = Log::default();
    let clean = || {
        let log = log.clone();
        move |fate: finally::Fate<'_, ()>| log.push(format!("{fate:?}"))
    };
    Hand::new(stream::iter([1, 2]).finally_with(clean()).count()).run();
    Hand::new(stream::iter([1, 2]).lastly_with(clean()).take(1).count()).run();
    Hand::new(stream::iter([1, 2]).lastly(|| log.push("lastly")).count()).run();
    assert_eq!(log.events(), ["Returned(..)", "Cancelled", "lastly"]);
}

#[test]
fn p10_no_poll_and_no_wake_of_its_own() {
    let mut plain = Hand::new(numbers(&Log::default()).count());
    let mut with_handler = Hand::new(numbers(&Log::default()).finally(|| {}).count());
    plain.run();
    with_handler.run();
    assert_eq!((plain.polls, plain.wakes.count()), (with_handler.polls, with_handler.wakes.count()));
}
