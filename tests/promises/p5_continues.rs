//! P5: a cleanup that is dropped half-way goes on from where it stood, elsewhere; never restarted, never lost.

use finally::{FailureKind, finally};

use crate::{
    WHOLE, subject,
    support::{
        ENDS, End, Log, exclusive,
        hand::Hand,
        outcome::{Outcome, cancel_after},
        suspend,
    },
};

on_every_runtime! {
    p5_a_cleanup_dropped_half_way_goes_on(runtime) {
        let turn = exclusive();
        for body in ENDS {
            for pendings in 3..=4 {
                let log = Log::default();
                assert_eq!(
                    runtime.run(cancel_after(pendings, subject(log.clone(), body, End::Succeeds))),
                    Outcome::Cancelled
                );
                assert_eq!(log.events(), WHOLE, "{body:?}, cancelled after {pendings} pendings");
            }
        }
        turn.failures();
    }
}

#[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
#[test]
fn p5_the_cleanup_is_moved_and_not_polled_inside_the_drop() {
    let _turn = exclusive();
    let runtime = crate::support::runtimes::current_thread();
    let log = Log::default();
    let mut hand = Hand::new(subject(log.clone(), End::Succeeds, End::Succeeds));
    (0..4).for_each(|_| assert!(hand.poll().is_pending()));
    assert_eq!(log.take(), WHOLE[..6]);
    runtime.block_on(async {
        drop(hand);
        assert!(log.events().is_empty(), "the drop polls nothing");
        assert_eq!(finally::detached(), 1);
        finally::drain().await;
    });
    assert_eq!(log.events(), ["clean 2"]);
}

#[test]
fn p5_dropped_again_where_it_went_on_it_goes_on_once_more() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(subject(log.clone(), End::Succeeds, End::Succeeds));
    (0..3).for_each(|_| assert!(hand.poll().is_pending()));
    let runtime = crate::support::runtimes::current_thread();
    runtime.block_on(async { drop(hand) });
    drop(runtime);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), WHOLE);
}

#[test]
fn p5_later_cancellation_does_not_change_the_fate() {
    #[finally(|fate| { log.push(format!("{fate:?}")); clean(log.clone()) })]
    async fn f(log: Log) -> u8 {
        suspend().await;
        1
    }
    async fn clean(log: Log) {
        suspend().await;
        log.push("clean");
    }
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(f(log.clone()));
    (0..2).for_each(|_| assert!(hand.poll().is_pending()));
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["Returned(..)", "clean"]);
}

#[test]
fn p5_a_failure_after_the_move_is_reported() {
    let turn = exclusive();
    for (cleanup, kind) in
        [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)]
    {
        let mut hand = Hand::new(subject(Log::default(), End::Succeeds, cleanup));
        (0..3).for_each(|_| assert!(hand.poll().is_pending()));
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(turn.kinds(), [kind]);
    }
}
