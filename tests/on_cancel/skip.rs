//! `on_cancel = skip`: a cancellation does not run the cleanup.

use super::*;

#[finally({ steps(log.clone(), "clean", 2).await; cleanup.reach("cleanup") }, on_cancel = skip)]
async fn subject(log: &Log, body: End, cleanup: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", 2).await;
    body.reach("body")
}

async fn owned(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    subject(&log, body, cleanup).await
}

const WHOLE: [&str; 7] = ["body 0", "body 1", "body 2", "body dropped", "clean 0", "clean 1", "clean 2"];

on_every_runtime! {
    a_skipped_cleanup_runs_on_a_value_an_error_and_a_panic(runtime) {
        let turn = exclusive();
        for body in ENDS {
            for cleanup in ENDS {
                let log = Log::default();
                let outcome = runtime.run(observe(owned(log.clone(), body, cleanup)));
                assert_eq!(outcome, account::expected(body, cleanup));
                assert_eq!(log.events(), WHOLE);
                let both = body != End::Succeeds && cleanup != End::Succeeds;
                assert_eq!(turn.failures().len(), usize::from(both));
            }
        }
    }

    a_skipped_cleanup_does_not_run_on_cancellation(runtime) {
        let _turn = exclusive();
        for pendings in 1..=2 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, owned(log.clone(), End::Succeeds, End::Succeeds)));
            assert_eq!(log.events().last().unwrap(), "body dropped");
        }
    }

    a_skipped_cleanup_ends_where_it_is_dropped(runtime) {
        let turn = exclusive();
        let log = Log::default();
        runtime.run(cancel_after(3, owned(log.clone(), End::Succeeds, End::Succeeds)));
        assert_eq!(log.events(), WHOLE[..5]);
        runtime.run(cancel_after(3, owned(log.clone(), End::Fails, End::Succeeds)));
        assert_eq!(turn.kinds(), [FailureKind::BodyFailed]);
        runtime.run(cancel_after(3, owned(log.clone(), End::Panics, End::Succeeds)));
        assert_eq!(turn.kinds(), [FailureKind::BodyPanicked]);
    }
}

#[test]
fn a_skipped_cleanup_that_is_not_async_does_not_run_on_cancellation() {
    #[finally(log.push("clean"), on_cancel = skip)]
    async fn f(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    let log = Log::default();
    Hand::new(f(log.clone())).run();
    assert_eq!(log.take(), ["clean"]);
    let mut hand = Hand::new(f(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert!(log.events().is_empty());
}

#[test]
fn what_was_adopted_is_not_skipped() {
    #[finally(steps(log.clone(), "inner", 1))]
    async fn inner(log: Log) {
        std::future::pending::<()>().await;
        let _uses = &log;
    }
    #[finally(suspend(), on_cancel = skip)]
    async fn around(log: Log) {
        inner(log).await;
    }
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(around(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["inner 0", "inner 1"]);
}

#[test]
fn what_was_adopted_goes_on_when_the_function_is_dropped_while_it_waits_for_it() {
    #[finally(async move { until.await.unwrap(); log.push("inner") })]
    async fn inner(log: Log, until: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = (&log, &until);
    }
    #[finally(suspend(), on_cancel = skip)]
    async fn around(log: Log, until: oneshot::Receiver<()>) {
        tokio::select! {
            biased;
            () = inner(log.clone(), until) => {}
            () = std::future::ready(()) => {}
        }
    }
    #[finally(async { suspend().await; log.push("outermost") })]
    async fn outermost(log: Log, until: oneshot::Receiver<()>) {
        around(log.clone(), until).await;
    }
    let _turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel();
    let mut hand = Hand::new(outermost(log.clone(), until));
    assert!(hand.poll().is_pending());
    drop(hand);
    end.send(()).unwrap();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["inner", "outermost"]);
}

#[test]
fn a_skipped_cleanup_allocates_and_asks_nothing_of_its_future() {
    #[finally({ let held = Rc::clone(&cell); suspend().await; held.set(2) }, on_cancel = skip)]
    async fn f(cell: Rc<Cell<u8>>) -> u8 {
        cell.set(1);
        suspend().await;
        cell.get()
    }
    let cell = Rc::new(Cell::new(0));
    assert_eq!(Hand::new(f(cell.clone())).run(), 1);
    assert_eq!(cell.get(), 2);
}
