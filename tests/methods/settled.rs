//! `.settled()`: a future is complete when the cleanups that were handed off inside it have ended, too.

use std::{
    future::{Future, pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
};

use finally::{FailureKind, FinallyExt, finally};
use tokio::sync::oneshot;

use crate::support::{
    Log, exclusive,
    hand::Hand,
    scene::{cancel, drained, held},
    suspend,
};

/// A cleanup that a race hands off when it is called, and that waits for the gate.
fn loser(log: &Log, name: &'static str) -> (impl FnOnce(), oneshot::Sender<()>) {
    let (opens, gate) = oneshot::channel();
    let held = held(log.clone(), name, gate);
    (move || cancel(held), opens)
}

/// A future that is pending, and not by itself: it waits for the cleanup.
#[track_caller]
fn waits<F: Future>(future: F) -> Hand<F> {
    let mut hand = Hand::new(future);
    assert!(hand.poll().is_pending());
    assert_eq!(hand.wakes.count(), 0, "nothing but the cleanup wakes it");
    hand
}

/// Opens the gate, and polls when the cleanup has woken.
fn ends<F: Future>(hand: &mut Hand<F>, opens: oneshot::Sender<()>) -> F::Output {
    let before = hand.wakes.count();
    opens.send(()).unwrap();
    hand.wakes.wait(before);
    match hand.poll() {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the cleanup has ended"),
    }
}

#[test]
fn p6_the_value_comes_after_the_cleanup_that_was_handed_off_inside() {
    let _turn = exclusive();
    let log = Log::default();
    let (lose, opens) = loser(&log, "clean");
    let mut hand = waits(
        async {
            lose();
            "value"
        }
        .settled(),
    );
    assert!(log.events().is_empty());
    assert_eq!(ends(&mut hand, opens), "value");
    assert_eq!(log.events(), ["clean"]);
}

#[test]
fn p6_a_future_that_is_dropped_by_its_own_end_counts_as_inside() {
    let _turn = exclusive();
    let log = Log::default();
    let (opens, gate) = oneshot::channel();
    // As a timeout does, it ends while it still holds the future that it has cancelled.
    let mut loser = Box::pin(held(log.clone(), "clean", gate));
    let timeout = poll_fn(move |context| {
        assert!(loser.as_mut().poll(context).is_pending());
        Poll::Ready("elapsed")
    });
    let mut hand = waits(timeout.settled());
    assert_eq!(ends(&mut hand, opens), "elapsed");
    assert_eq!(log.events(), ["clean"]);
}

#[test]
fn p7_a_panic_goes_on_after_the_cleanup() {
    let _turn = exclusive();
    let log = Log::default();
    let (lose, opens) = loser(&log, "clean");
    let mut hand = waits(
        async {
            lose();
            panic!("body");
        }
        .settled(),
    );
    let ended = catch_unwind(AssertUnwindSafe(|| ends(&mut hand, opens)));
    assert_eq!(*ended.unwrap_err().downcast::<&str>().unwrap(), "body");
    assert_eq!(log.events(), ["clean"]);
}

#[test]
fn p10_it_is_ready_in_the_same_poll_if_nothing_was_handed_off() {
    assert_eq!(Hand::new(ready(1).settled()).poll(), Poll::Ready(1));
    let mut hand = Hand::new(
        async {
            suspend().await;
            2
        }
        .settled(),
    );
    assert!(hand.poll().is_pending());
    assert_eq!(hand.poll(), Poll::Ready(2));
}

#[test]
fn p5_the_cleanups_go_on_when_it_is_dropped_while_it_waits() {
    let _turn = exclusive();
    let log = Log::default();
    let (lose, opens) = loser(&log, "clean");
    let hand = waits(async { lose() }.settled());
    drop(hand);
    opens.send(()).unwrap();
    drained();
    assert_eq!(log.events(), ["clean"]);
}

#[test]
fn p8_an_error_that_nobody_receives_is_reported() {
    let turn = exclusive();
    let log = Log::default();
    let (lose, opens) = loser(&log, "clean");
    let hand = waits(
        async {
            lose();
            Err::<(), _>("body")
        }
        .settled(),
    );
    drop(hand);
    assert_eq!(turn.kinds(), [FailureKind::BodyFailed]);
    opens.send(()).unwrap();
    drained();
}

#[test]
fn p6_the_next_finally_further_out_waits_if_it_is_dropped() {
    let _turn = exclusive();
    let log = Log::default();
    let (lose, opens) = loser(&log, "inner");
    let outer = async {
        let mut inner = Hand::new(async { lose() }.settled());
        assert!(inner.poll().is_pending());
    };
    let outer_log = log.clone();
    let mut hand = waits(outer.finally(async move || outer_log.push("outer")));
    ends(&mut hand, opens);
    assert_eq!(log.events(), ["inner", "outer"]);
}

#[test]
fn p6_one_in_another_waits_for_its_own_cleanups_alone() {
    let _turn = exclusive();
    let log = Log::default();
    let (lose, opens) = loser(&log, "outer");
    let outer = async {
        lose();
        // The inner one has nothing to wait for.
        ready(()).settled().await;
        log.push("inner");
    };
    let mut hand = waits(outer.settled());
    assert_eq!(log.events(), ["inner"]);
    ends(&mut hand, opens);
    assert_eq!(log.events(), ["inner", "outer"]);
}

#[test]
fn p5_one_that_was_never_polled_does_nothing() {
    let _turn = exclusive();
    let log = Log::default();
    let (_opens, gate) = oneshot::channel();
    drop(held(log.clone(), "clean", gate).settled());
    assert!(log.events().is_empty());
    assert_eq!(finally::detached(), 0);
}

#[test]
fn it_shows_how_far_it_is() {
    let mut settled = Box::pin(pending::<()>().settled());
    assert_eq!(format!("{settled:?}"), "Settled(Body)");
    cancel(settled.as_mut());
}

#[test]
fn it_is_send_where_the_future_and_its_output_are() {
    fn is_send(_: impl Send) {}
    is_send(async { 1 }.settled());

    #[finally({})]
    async fn uses_it() {
        ready(String::new()).settled().await;
    }
    is_send(uses_it());
}
