//! P6: siblings run side by side. Cleanups of which neither is nested in the other never wait for each other, so two that wait
//! for each other's progress both end.

use std::{future::pending, pin::Pin};

use finally::{FinallyExt, finally, guard};
use tokio::sync::oneshot;

use crate::support::{
    Log, exclusive,
    outcome::{cancel_after, observe},
    scene::{cancel, held, in_turns, let_others_go_on},
    suspend,
};

/// One side of a handshake.
struct Hand {
    says: oneshot::Sender<()>,
    hears: oneshot::Receiver<()>,
}

fn hands() -> (Hand, Hand) {
    let (says, hears) = oneshot::channel();
    let (says_too, hears_too) = oneshot::channel();
    (Hand { says, hears: hears_too }, Hand { says: says_too, hears })
}

/// A cleanup that needs the cleanup with the other hand to end.
async fn shake(log: Log, hand: Hand) {
    suspend().await;
    hand.says.send(()).unwrap();
    hand.hears.await.unwrap();
    suspend().await;
    log.push("sibling");
}

#[finally(shake(log, hand))]
async fn sibling(log: Log, hand: Hand, suspends: usize) {
    for _ in 0..suspends {
        suspend().await;
    }
    let _uses = (&log, &hand);
}

async fn halves_of_a_join(log: Log) {
    let (one, other) = hands();
    tokio::join!(sibling(log.clone(), one, 1), sibling(log, other, 3));
}

async fn losers_of_a_select(log: Log) {
    let (one, other) = hands();
    tokio::select! {
        biased;
        () = sibling(log.clone(), one, 9) => unreachable!(),
        () = sibling(log, other, 9) => unreachable!(),
        () = async { suspend().await; suspend().await } => {}
    }
    suspend().await;
}

async fn guards_in_one_body(log: Log) {
    let (one, other) = hands();
    let _one = guard(log.clone(), |log| shake(log, one));
    let _other = guard(log, |log| shake(log, other));
    suspend().await;
    suspend().await;
}

async fn methods_of_a_join(log: Log) {
    let (one, other) = hands();
    let at_exit = log.clone();
    tokio::join!(
        suspend().finally(move || shake(at_exit, one)),
        suspend().finally(move || shake(log, other))
    );
}

type Siblings = Pin<Box<dyn Future<Output = ()> + Send>>;

const SCENES: [fn(Log) -> Siblings; 4] = [
    |log| Box::pin(halves_of_a_join(log)),
    |log| Box::pin(losers_of_a_select(log)),
    |log| Box::pin(guards_in_one_body(log)),
    |log| Box::pin(methods_of_a_join(log)),
];

#[finally({ suspend().await; log.push("around") })]
async fn around(log: Log, siblings: Siblings) {
    siblings.await;
    let _uses = &log;
}

/// More suspensions than any of the scenes has.
const POINTS: usize = 8;

on_every_runtime! {
    p6_siblings_that_wait_for_each_other_end(runtime) {
        let _turn = exclusive();
        for (scene, siblings) in SCENES.iter().enumerate() {
            let log = Log::default();
            runtime.run(observe(siblings(log.clone())));
            assert_eq!(log.take(), ["sibling"; 2], "scene {scene}");
            for pendings in 1..=POINTS {
                runtime.run(cancel_after(pendings, siblings(log.clone())));
                assert_eq!(log.take(), ["sibling"; 2], "scene {scene}, cancelled after {pendings} pendings");
            }
        }
    }

    p6_siblings_that_wait_for_each_other_end_inside_a_finally(runtime) {
        let _turn = exclusive();
        for (scene, siblings) in SCENES.iter().enumerate() {
            let log = Log::default();
            runtime.run(observe(around(log.clone(), siblings(log.clone()))));
            assert_eq!(log.take(), ["sibling", "sibling", "around"], "scene {scene}");
            for pendings in 1..=POINTS {
                runtime.run(cancel_after(pendings, around(log.clone(), siblings(log.clone()))));
                let events = log.take();
                assert_eq!(events, ["sibling", "sibling", "around"], "scene {scene}, {pendings} pendings");
            }
        }
    }
}

/// A cleanup that stands still holds up the one around it.
mod one_that_stands_still {
    use super::*;

    /// Its gate is open.
    fn free(log: &Log, name: &'static str) -> impl Future<Output = ()> + use<> {
        let (opens, open) = oneshot::channel();
        opens.send(()).unwrap();
        held(log.clone(), name, open)
    }

    fn check(begin: impl AsyncFnOnce(Log, oneshot::Receiver<()>)) {
        let _turn = exclusive();
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            begin(log.clone(), closed).await;
            cancel(free(&log, "unrelated"));
            let_others_go_on().await;
            let mut events = log.take();
            events.sort();
            assert_eq!(events, ["sibling", "unrelated"]);
            gate.send(()).unwrap();
            let_others_go_on().await;
        });
        assert_eq!(log.events(), ["stands still", "around"]);
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p6_holds_up_no_sibling_when_they_are_dropped_together() {
        check(async |log, gate| {
            let (one, other) = (held(log.clone(), "stands still", gate), free(&log, "sibling"));
            let body = async {
                tokio::join!(one, other);
            };
            cancel(around(log, Box::pin(body)));
        });
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p6_holds_up_no_sibling_when_the_body_cancels_them() {
        check(async |log, gate| {
            let (one, other) = (held(log.clone(), "stands still", gate), free(&log, "sibling"));
            let body = async {
                cancel(one);
                suspend().await;
                cancel(other);
                suspend().await;
            };
            let around = tokio::spawn(around(log, Box::pin(body)));
            let_others_go_on().await;
            assert!(!around.is_finished(), "its own cleanup waits");
        });
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p6_does_not_hold_up_the_body_that_has_cancelled_it() {
        let _turn = exclusive();
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            let stands_still = held(log.clone(), "stands still", closed);
            let body = {
                let log = log.clone();
                async move {
                    cancel(stands_still);
                    suspend().await;
                    log.push("body");
                    pending::<()>().await;
                }
            };
            let around = tokio::spawn(around(log.clone(), Box::pin(body)));
            let_others_go_on().await;
            assert_eq!(log.take(), ["body"]);
            around.abort();
            let_others_go_on().await;
            assert!(log.events().is_empty());
            gate.send(()).unwrap();
            let_others_go_on().await;
        });
        assert_eq!(log.events(), ["stands still", "around"]);
    }
}
