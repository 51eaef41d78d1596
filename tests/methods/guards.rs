//! Values with a cleanup of their own.

use finally::{FailureKind, Guard, guard};

use crate::support::{
    End, Error, Log, Panic, exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after, observe},
    panic_of, steps, suspend,
};

fn awaited(log: &Log) -> impl FnOnce(u8) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + use<> {
    let log = log.clone();
    move |_| Box::pin(steps(log, "clean", 2))
}

#[test]
fn a_guard_derefs_to_its_value() {
    let mut value = guard(vec![1], |value| assert_eq!(value, [1, 2]));
    value.push(2);
    assert_eq!(value.len(), 2);
}

#[test]
fn p4_dropped_a_sync_handler_runs_inside_the_drop() {
    let log = Log::default();
    drop(guard(1, |value| log.push(format!("clean {value}"))));
    assert_eq!(log.events(), ["clean 1"]);
}

on_every_runtime! {
    p4_dropped_an_async_handler_is_handed_off(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        let handler = awaited(&log);
        runtime.run(async move { drop(guard(1, handler)) });
        assert_eq!(log.events(), ["clean 0", "clean 1", "clean 2"]);
    }

    p3_released_it_is_awaited_inline(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        let handler = awaited(&log);
        let seen = log.clone();
        runtime.run(async move {
            Guard::release(guard(1, handler)).await;
            seen.push("released");
        });
        assert_eq!(log.events(), ["clean 0", "clean 1", "clean 2", "released"]);
    }

    p5_a_release_dropped_half_way_goes_on(runtime) {
        let _turn = exclusive();
        for pendings in 0..=2 {
            let log = Log::default();
            let run = cancel_after(pendings, Guard::release(guard(1, awaited(&log))));
            assert_eq!(runtime.run(run), Outcome::Cancelled);
            assert_eq!(log.events(), ["clean 0", "clean 1", "clean 2"], "after {pendings} pendings");
        }
    }
}

#[test]
fn p7_a_release_gives_what_the_cleanup_came_to() {
    let released =
        |end: End| Hand::new(observe(Guard::release(guard(1, move |_| end.reach("cleanup"))))).run();
    assert_eq!(released(End::Succeeds), Outcome::Returned(Ok(())));
    assert_eq!(released(End::Fails), Outcome::Returned(Err(Error("cleanup"))));
    assert_eq!(released(End::Panics), Outcome::Panicked(Panic("cleanup")));

    let awaited = |end: End| {
        let handler = move |_| async move {
            suspend().await;
            end.reach("cleanup")
        };
        Hand::new(observe(Guard::release(guard(1, handler)))).run()
    };
    assert_eq!(awaited(End::Succeeds), Outcome::Returned(Ok(())));
    assert_eq!(awaited(End::Fails), Outcome::Returned(Err(Error("cleanup"))));
    assert_eq!(awaited(End::Panics), Outcome::Panicked(Panic("cleanup")));
}

#[test]
fn p7_a_handler_that_never_returns_panics_in_the_owners_name() {
    let never = guard(1, |_| std::panic::panic_any(Panic("cleanup")));
    assert_eq!(panic_of(|| Hand::new(Guard::release(never)).run()), Panic("cleanup"));
}

#[test]
fn p8_a_failure_in_a_drop_is_reported_and_does_not_panic() {
    let turn = exclusive();
    for (end, kind) in [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)]
    {
        drop(guard(1, move |_| end.reach("cleanup")));
        assert_eq!(turn.kinds(), [kind]);
        drop(guard(1, move |_| async move { end.reach("cleanup") }));
        finally::drain_blocking(None).unwrap();
        assert_eq!(turn.kinds(), [kind]);
    }
}

#[test]
fn dropped_while_the_thread_unwinds_it_cleans_up() {
    let turn = exclusive();
    let log = Log::default();
    let unwound = panic_of(|| {
        let _one = guard(1, |_| log.push("one"));
        let _two = guard(2, |_| End::Panics.reach("cleanup"));
        End::Panics.reach("caller").unwrap();
    });
    assert_eq!((unwound, log.events()), (Panic("caller"), vec!["one".to_owned()]));
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}

on_every_runtime! {
    p6_dropped_while_the_thread_unwinds_what_is_around_waits_for_an_async_handler(runtime) {
        #[finally::finally(steps(log.clone(), "around", 1))]
        async fn around(log: Log) {
            let (one, two) = (log.clone(), log.clone());
            let _one = guard((), move |()| steps(one, "one", 1));
            let _two = guard((), move |()| steps(two, "two", 1));
            suspend().await;
            End::Panics.reach("body").unwrap();
        }
        let _turn = exclusive();
        let log = Log::default();
        assert_eq!(runtime.run(observe(around(log.clone()))), Outcome::Panicked(Panic("body")));
        let mut guarded = log.events();
        let around = guarded.split_off(4);
        guarded.sort();
        assert_eq!(guarded, ["one 0", "one 1", "two 0", "two 1"], "guards of one body are siblings");
        assert_eq!(around, ["around 0", "around 1"]);
    }

    p9_an_async_handler_goes_on_without_whoever_dropped_it(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        let handler = awaited(&log);
        runtime.run(async move {
            // Another thread, which no runtime knows of.
            std::thread::spawn(move || drop(guard(1, handler))).join().unwrap();
        });
        assert_eq!(log.events(), ["clean 0", "clean 1", "clean 2"]);
    }
}

#[test]
fn p5_a_failure_of_a_release_whose_caller_left_is_reported() {
    let turn = exclusive();
    for (end, kind) in [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)]
    {
        let mut hand = Hand::new(Guard::release(guard(1, move |_| async move {
            suspend().await;
            end.reach("cleanup")
        })));
        assert!(hand.poll().is_pending());
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(turn.kinds(), [kind]);
    }
}

#[test]
fn disarmed_it_gives_the_value_back_and_drops_the_handler() {
    let log = Log::default();
    let held = log.on_drop("handler dropped");
    let value = guard("value", move |_| {
        let _held = held;
    });
    assert_eq!(Guard::disarm(value), "value");
    assert_eq!(log.events(), ["handler dropped"]);
}
