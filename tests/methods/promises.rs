//! P1 to P10 for `.finally()`.

use finally::{FailureKind, Fate, FinallyExt};

use crate::support::{
    ENDS, End, Error, Log, Panic,
    account::expected,
    exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after, observe},
    steps, suspend,
};

async fn body(log: Log, end: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", 2).await;
    end.reach("body")
}

async fn clean(log: Log, end: End) -> Result<(), Error> {
    steps(log, "clean", 2).await;
    end.reach("cleanup")
}

fn awaited(
    log: &Log,
    ends: End,
    cleanup: End,
) -> impl Future<Output = Result<(), Error>> + Send + 'static + use<> {
    let clean_log = log.clone();
    body(log.clone(), ends).finally(move || clean(clean_log, cleanup))
}

fn in_place(
    log: &Log,
    ends: End,
    cleanup: End,
) -> impl Future<Output = Result<(), Error>> + Send + 'static + use<> {
    let clean_log = log.clone();
    body(log.clone(), ends).finally(move || {
        clean_log.push("clean");
        cleanup.reach("cleanup")
    })
}

const WHOLE: [&str; 7] = ["body 0", "body 1", "body 2", "body dropped", "clean 0", "clean 1", "clean 2"];
const WHOLE_IN_PLACE: [&str; 5] = ["body 0", "body 1", "body 2", "body dropped", "clean"];

on_every_runtime! {
    p1_p2_p3_p7_the_handler_runs_once_after_the_body_and_the_first_failure_wins(runtime) {
        let turn = exclusive();
        for ends in ENDS {
            for cleanup in ENDS {
                let log = Log::default();
                assert_eq!(runtime.run(observe(awaited(&log, ends, cleanup))), expected(ends, cleanup));
                assert_eq!(log.take(), WHOLE);
                assert_eq!(runtime.run(observe(in_place(&log, ends, cleanup))), expected(ends, cleanup));
                assert_eq!(log.take(), WHOLE_IN_PLACE);
                let both = ends != End::Succeeds && cleanup != End::Succeeds;
                assert_eq!(turn.failures().len(), 2 * usize::from(both), "P8: {ends:?} {cleanup:?}");
            }
        }
    }

    p1_p4_p5_cancelled_anywhere_it_runs_once_to_its_end(runtime) {
        let _turn = exclusive();
        for pendings in 1..=4 {
            let log = Log::default();
            let run = cancel_after(pendings, awaited(&log, End::Succeeds, End::Succeeds));
            assert_eq!(runtime.run(run), Outcome::Cancelled);
            let mut events: Vec<_> = (0..pendings.min(3)).map(|step| format!("body {step}")).collect();
            events.extend(WHOLE[3..].iter().map(ToString::to_string));
            assert_eq!(log.take(), events);
            if pendings <= 2 {
                runtime.run(cancel_after(pendings, in_place(&log, End::Succeeds, End::Succeeds)));
                assert_eq!(log.take().last().unwrap(), "clean");
            }
        }
    }

    p1_never_polled_it_does_not_run(runtime) {
        let log = Log::default();
        runtime.run(cancel_after(0, awaited(&log, End::Succeeds, End::Succeeds)));
        runtime.run(cancel_after(0, in_place(&log, End::Succeeds, End::Succeeds)));
        assert!(log.events().is_empty());
    }

    p6_a_chain_runs_from_left_to_right_on_every_fate(runtime) {
        let _turn = exclusive();
        let chain = |log: &Log, end: End| {
            let (one, two, three) = (log.clone(), log.clone(), log.clone());
            body(Log::default(), end)
                .finally(move || steps(one, "one", 1))
                .finally(move || two.push("two"))
                .finally(move || steps(three, "three", 1))
        };
        for end in ENDS {
            let log = Log::default();
            runtime.run(observe(chain(&log, end)));
            assert_eq!(log.events(), ["one 0", "one 1", "two", "three 0", "three 1"], "{end:?}");
        }
        // On cancellation, sync cleanups run inside the drop, and awaited ones keep their order.
        for pendings in 1..=2 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, chain(&log, End::Succeeds)));
            assert_eq!(log.events(), ["two", "one 0", "one 1", "three 0", "three 1"]);
        }
    }
}

#[test]
fn p3_the_handler_sees_the_fate() {
    let seen = |end: End, cancel: bool| {
        let log = Log::default();
        let fates = log.clone();
        let mut hand = Hand::new(observe(body(Log::default(), end).finally_with(move |fate| {
            fates.push(match fate {
                Fate::Returned(result) => format!("{result:?}"),
                Fate::Panicked(payload) => format!("{:?}", payload.downcast_ref::<Panic>().unwrap()),
                Fate::Cancelled => "cancelled".to_owned(),
            });
        })));
        if cancel {
            assert!(hand.poll().is_pending());
            drop(hand);
        } else {
            hand.run();
        }
        log.events()
    };
    assert_eq!(seen(End::Succeeds, false), ["Ok(())"]);
    assert_eq!(seen(End::Fails, false), ["Err(Error(\"body\"))"]);
    assert_eq!(seen(End::Panics, false), ["Panic(\"body\")"]);
    assert_eq!(seen(End::Succeeds, true), ["cancelled"]);
}

#[test]
fn p8_a_body_failure_whose_caller_left_is_reported_though_its_type_is_unknown_here() {
    let turn = exclusive();
    let mut hand = Hand::new(awaited(&Log::default(), End::Fails, End::Succeeds));
    (0..3).for_each(|_| assert!(hand.poll().is_pending()));
    drop(hand);
    finally::drain_blocking(None).unwrap();
    let failures = turn.failures();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].kind, FailureKind::BodyFailed);
    assert!(failures[0].message.contains("Error"), "{failures:?}");
}

#[test]
fn p8_a_report_names_the_line_of_the_method() {
    let turn = exclusive();
    let line = line!() + 1;
    let future = async { Err::<(), _>(Error("body")) }.finally(|| Err::<(), _>(Error("cleanup")));
    assert_eq!(Hand::new(future).run(), Err(Error("body")));
    let failures = turn.failures();
    assert_eq!((failures[0].file, failures[0].line), (file!(), line));
    assert_eq!(failures[0].message, "Error(\"cleanup\")");
}

#[test]
fn p10_no_poll_and_no_wake_of_its_own() {
    let mut hand = Hand::new(async { suspend().await }.finally(|| {}));
    hand.run();
    assert_eq!((hand.polls, hand.wakes.count()), (2, 1));
    let mut hand = Hand::new(async { suspend().await }.finally(suspend));
    hand.run();
    assert_eq!((hand.polls, hand.wakes.count()), (3, 2));
}

#[test]
fn polled_after_its_end_it_says_so() {
    let mut hand = Hand::new(async {}.finally(|| {}));
    hand.run();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hand.poll())).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "`finally` polled after completion");
}
