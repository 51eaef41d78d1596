//! `.finally()` on streams.

use std::pin::pin;

use finally::FinallyStreamExt;
use futures::{Stream, StreamExt as _, stream};

use crate::support::{End, Error, Log, Panic, exclusive, hand::Hand, panic_of, steps, suspend};

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
