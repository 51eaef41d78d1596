//! `on_cancel = (..)`: another cleanup replaces the first one on cancellation.

use super::*;

/// Logs its evaluation, and later its end.
fn instead(log: &Log, end: End) -> impl Future<Output = Result<(), Error>> + Send + 'static {
    log.push("instead");
    let log = log.clone();
    async move {
        steps(log, "instead", 1).await;
        end.reach("replacement")
    }
}

/// The number of suspensions of each body and of each cleanup.
const SUSPENDS: usize = 2;

async fn body(log: &Log, end: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", SUSPENDS).await;
    end.reach("body")
}

async fn clean(log: &Log, end: End) -> Result<(), Error> {
    let _held = log.on_drop("cleanup dropped");
    steps(log.clone(), "clean", SUSPENDS).await;
    end.reach("cleanup")
}

/// The events up to the pending after which it is cancelled, and after the replacement.
fn cancelled(pendings: usize) -> Vec<String> {
    let numbered =
        |name: &str, times: usize| (0..times).map(|step| format!("{name} {step}")).collect::<Vec<_>>();
    let mut events = numbered("body", pendings.min(SUSPENDS + 1));
    events.push("body dropped".to_owned());
    if pendings > SUSPENDS {
        events.extend(numbered("clean", pendings - SUSPENDS));
        events.push("cleanup dropped".to_owned());
    }
    events.extend(["instead", "instead 0", "instead 1"].map(String::from));
    events
}

fn completed() -> Vec<String> {
    let events =
        ["body 0", "body 1", "body 2", "body dropped", "clean 0", "clean 1", "clean 2", "cleanup dropped"];
    events.map(String::from).to_vec()
}

/// Drives a subject to its end, and cancels it at every suspension, for every end of its three parts.
fn check<F: Future<Output = Result<(), Error>>>(subject: impl Fn(Log, End, End, End) -> F) {
    let turn = exclusive();
    for (body, cleanup, replacement) in ENDS
        .into_iter()
        .flat_map(|b| ENDS.into_iter().flat_map(move |c| ENDS.into_iter().map(move |r| (b, c, r))))
    {
        let log = Log::default();
        let outcome = Hand::new(observe(subject(log.clone(), body, cleanup, replacement))).run();
        assert_eq!(outcome, account::expected(body, cleanup));
        assert_eq!(log.events(), completed());
        let both = body != End::Succeeds && cleanup != End::Succeeds;
        assert_eq!(turn.failures().len(), usize::from(both));

        for pendings in 0..=2 * SUSPENDS {
            let log = Log::default();
            let mut hand = Hand::new(subject(log.clone(), body, cleanup, replacement));
            for _ in 0..pendings {
                assert!(hand.poll().is_pending());
            }
            drop(hand);
            finally::drain_blocking(None).unwrap();
            let expected = if pendings == 0 { vec![] } else { cancelled(pendings) };
            assert_eq!(log.events(), expected, "cancelled after {pendings} pendings");
            let mut kinds = Vec::new();
            if pendings > SUSPENDS {
                kinds.extend(match body {
                    End::Succeeds => None,
                    End::Fails => Some(FailureKind::BodyFailed),
                    End::Panics => Some(FailureKind::BodyPanicked),
                });
            }
            if pendings > 0 {
                kinds.extend(match replacement {
                    End::Succeeds => None,
                    End::Fails => Some(FailureKind::CleanupFailed),
                    End::Panics => Some(FailureKind::CleanupPanicked),
                });
            }
            assert_eq!(turn.kinds(), kinds, "cancelled after {pendings} pendings");
        }
    }
}

#[test]
fn an_async_function_by_reference_runs_one_of_the_two() {
    #[finally(clean(log, c).await, on_cancel = (instead(log, r)))]
    async fn by_reference(log: &Log, b: End, c: End, r: End) -> Result<(), Error> {
        body(log, b).await
    }
    check(|log, b, c, r| async move { by_reference(&log, b, c, r).await });
}

#[test]
fn a_method_awaits_its_cleanup_on_a_unique_reference() {
    struct Connection(Log);

    impl Connection {
        async fn close(&mut self, end: End) -> Result<(), Error> {
            clean(&self.0, end).await
        }

        #[finally(self.close(c).await, on_cancel = (instead(&self.0, r)))]
        async fn execute(&mut self, b: End, c: End, r: End) -> Result<(), Error> {
            body(&self.0, b).await
        }
    }
    check(|log, b, c, r| async move { Connection(log).execute(b, c, r).await });
}

#[test]
fn a_replacement_takes_what_the_cleanup_borrowed() {
    #[finally(clean(&log, c).await, on_cancel = ({ instead(&log, r).await }))]
    async fn taken(log: Log, b: End, c: End, r: End) -> Result<(), Error> {
        body(&log, b).await
    }
    // A block that awaits is not evaluated inside the drop. It starts on the executor, like every cleanup that is handed off.
    check(taken);
}

#[test]
fn a_replacement_goes_with_the_future_that_a_function_returns() {
    #[finally(clean(&log, c).await, on_cancel = (instead(&log, r)))]
    fn opaque(log: Log, b: End, c: End, r: End) -> impl Future<Output = Result<(), Error>> {
        let log = log.clone();
        async move { body(&log, b).await }
    }
    check(opaque);

    #[finally(clean(&log, c).await, on_cancel = (instead(&log, r)))]
    fn boxed(log: Log, b: End, c: End, r: End) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> {
        Box::pin(async move { body(&log, b).await })
    }
    check(boxed);
}

#[test]
fn a_method_under_async_trait_and_one_of_a_trait() {
    #[async_trait::async_trait]
    trait Boxed {
        fn log(&mut self) -> &Log;

        #[finally(clean(self.log(), c).await, on_cancel = (instead(self.log(), r)))]
        async fn execute(&mut self, b: End, c: End, r: End) -> Result<(), Error>
        where
            Self: Send,
        {
            body(self.log(), b).await
        }
    }

    #[async_trait::async_trait]
    impl Boxed for Log {
        fn log(&mut self) -> &Log {
            self
        }
    }

    trait Plain {
        #[finally(clean(&self.log(), c).await, on_cancel = (instead(&self.log(), r)))]
        async fn execute_plainly(&self, b: End, c: End, r: End) -> Result<(), Error> {
            body(&self.log(), b).await
        }

        fn log(&self) -> Log;
    }

    impl Plain for Log {
        fn log(&self) -> Log {
            self.clone()
        }
    }
    check(|mut log, b, c, r| async move { log.execute(b, c, r).await });
    check(|log, b, c, r| async move { log.execute_plainly(b, c, r).await });
}

#[test]
fn a_block_in_place_and_one_that_makes_a_future() {
    use finally::block;

    check(|log, b, c, r| async move {
        block::finally! {
            try { body(&log, b).await }
            finally(on_cancel = (instead(&log, r))) { clean(&log, c).await }
        }
    });
    check(|log, b, c, r| {
        block::finally! {
            <Result<(), Error>>
            async move { body(&log, b).await }
            finally(on_cancel = (instead(&log, r))) { clean(&log, c).await }
        }
    });
    check(|log, b, c, r| async move {
        let ended = block::finally! {
            try { body(&log, b).await?; "value" }
            finally(on_cancel = (instead(&log, r))) { clean(&log, c).await }
        };
        assert_eq!(ended, "value");
        Ok(())
    });
}

#[test]
fn a_function_that_is_armed_by_the_call_runs_the_replacement_if_it_was_never_polled() {
    #[finally(clean(&log, End::Succeeds).await.unwrap(), on_cancel = (instead(&log, End::Succeeds)), armed = call)]
    async fn mentions(log: Log) {
        body(&log, End::Succeeds).await.unwrap();
    }
    let _turn = exclusive();
    let log = Log::default();
    drop(mentions(log.clone()));
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.take(), ["instead", "instead 0", "instead 1"]);
    Hand::new(mentions(log.clone())).run();
    assert_eq!(log.events(), completed());

    thread_local! {
        static LOG: Log = Log::default();
    }
    #[finally(suspend().await, on_cancel = (LOG.with(|log| log.push("instead"))), armed = call)]
    async fn mentions_nothing() {}
    drop(mentions_nothing());
    assert_eq!(LOG.with(Log::take), ["instead"]);
}

#[test]
fn a_replacement_that_is_not_async_runs_inside_the_drop() {
    #[finally({ suspend().await; log.push("clean") }, on_cancel = (log.push("instead")))]
    async fn f(log: &Log) {
        suspend().await;
    }
    let log = Log::default();
    for pendings in 1..=2 {
        Hand::new(cancel_after(pendings, f(&log))).run();
        assert_eq!(log.take(), ["instead"], "cancelled after {pendings} pendings");
    }
    Hand::new(f(&log)).run();
    assert_eq!(log.events(), ["clean"]);
}

#[test]
fn a_replacement_that_fails_or_panics_inside_the_drop_is_reported_and_the_drop_does_not_panic() {
    #[finally(suspend().await, on_cancel = (end.reach("replacement")))]
    async fn f(end: End) {
        suspend().await;
    }
    let turn = exclusive();
    for pendings in 1..=2 {
        for (end, kind) in
            [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)]
        {
            assert_eq!(Hand::new(cancel_after(pendings, f(end))).run(), Outcome::Cancelled);
            let failures = turn.failures();
            assert_eq!(failures.len(), 1);
            assert_eq!(failures[0].kind, kind);
            assert_eq!(failures[0].file, file!());
        }
    }
}

#[test]
fn a_cleanup_that_is_not_async_is_replaced_too() {
    #[finally(log.push("clean"), on_cancel = (log.push("instead")))]
    async fn f(log: &Log) {
        suspend().await;
    }
    let log = Log::default();
    Hand::new(f(&log)).run();
    assert_eq!(log.take(), ["clean"]);
    Hand::new(cancel_after(1, f(&log))).run();
    assert_eq!(log.events(), ["instead"]);
}

#[test]
fn every_form_of_a_replacement() {
    thread_local! {
        static LOG: Log = Log::default();
    }
    fn by_path() {
        LOG.with(|log| log.push("instead"));
    }
    #[finally(suspend().await, on_cancel = (by_path))]
    async fn path() {
        suspend().await;
    }
    #[finally(suspend().await, on_cancel = (|| by_path()))]
    async fn closure() {
        suspend().await;
    }
    #[finally(suspend().await, on_cancel = ({ let log = LOG.with(Log::clone); log.push("instead"); }))]
    async fn block() {
        suspend().await;
    }
    #[finally(suspend().await, on_cancel = (async || log.push("instead")))]
    async fn async_closure(log: Log) {
        suspend().await;
    }
    #[finally(suspend().await, on_cancel = (async move { log.push("instead") }))]
    async fn async_block(log: Log) {
        suspend().await;
    }
    let _turn = exclusive();
    let log = LOG.with(Log::clone);
    Hand::new(cancel_after(1, path())).run();
    Hand::new(cancel_after(1, closure())).run();
    Hand::new(cancel_after(1, block())).run();
    Hand::new(cancel_after(1, async_closure(log.clone()))).run();
    Hand::new(cancel_after(1, async_block(log.clone()))).run();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["instead"; 5]);
}

#[test]
fn the_arguments_that_it_mentions_are_dropped_before_it_is_polled() {
    #[finally({ suspend().await; held.log(); }, on_cancel = (later(held.log())))]
    async fn f(held: Held) {
        suspend().await;
    }
    struct Held(OnDropLog);
    struct OnDropLog(Log, #[allow(dead_code, reason = "its drop is what counts")] support::OnDrop);
    impl Held {
        fn log(&self) -> Log {
            self.0.0.clone()
        }
    }
    async fn later(log: Log) {
        log.push("polled");
    }
    let _turn = exclusive();
    for pendings in 1..=2 {
        let log = Log::default();
        let held = Held(OnDropLog(log.clone(), log.on_drop("argument dropped")));
        Hand::new(cancel_after(pendings, f(held))).run();
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events(), ["argument dropped", "polled"], "cancelled after {pendings} pendings");
    }
}

#[test]
fn two_attributes_end_from_top_to_bottom_in_every_mix() {
    #[finally(clean(log, End::Succeeds).await, on_cancel = (instead(log, End::Succeeds)))]
    #[finally(steps(log.clone(), "outer", 1).await, on_cancel = (steps(log.clone(), "outer instead", 1)))]
    async fn both(log: &Log) -> Result<(), Error> {
        suspend().await;
        Ok(())
    }
    #[finally(clean(log, End::Succeeds).await, on_cancel = (instead(log, End::Succeeds)))]
    #[finally(steps(log.clone(), "outer", 1))]
    async fn detached_outside(log: &Log) -> Result<(), Error> {
        suspend().await;
        Ok(())
    }
    const INNER: [&str; 4] = ["clean 0", "clean 1", "clean 2", "cleanup dropped"];
    const INSTEAD: [&str; 3] = ["instead", "instead 0", "instead 1"];

    let _turn = exclusive();
    let log = Log::default();
    let cancel = |future: Pin<Box<dyn Future<Output = Result<(), Error>> + '_>>, pendings| {
        Hand::new(cancel_after(pendings, future)).run();
        finally::drain_blocking(None).unwrap();
        log.take()
    };
    let outer = ["outer 0", "outer 1"];
    let outer_instead = ["outer instead 0", "outer instead 1"];
    assert_eq!(cancel(Box::pin(both(&log)), 9), [&INNER[..], &outer].concat());
    // This cancels it in the body, and in the inner cleanup.
    assert_eq!(cancel(Box::pin(both(&log)), 1), [&INSTEAD[..], &outer_instead].concat());
    let in_cleanup = [&INNER[..1], &INNER[3..], &INSTEAD, &outer_instead].concat();
    assert_eq!(cancel(Box::pin(both(&log)), 2), in_cleanup);
    // This cancels it in the outer cleanup.
    assert_eq!(cancel(Box::pin(both(&log)), 4), [&INNER[..], &outer[..1], &outer_instead].concat());
    assert_eq!(cancel(Box::pin(detached_outside(&log)), 1), [&INSTEAD[..], &outer].concat());
    let in_cleanup = [&INNER[..1], &INNER[3..], &INSTEAD, &outer].concat();
    assert_eq!(cancel(Box::pin(detached_outside(&log)), 2), in_cleanup);
}

#[test]
fn p6_a_replacement_waits_for_what_the_body_or_the_cleanup_has_cancelled() {
    #[finally(async move { until.await.unwrap(); log.push("inner") })]
    async fn inner(log: Log, until: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = (&log, &until);
    }
    #[finally(suspend().await, on_cancel = (steps(log.clone(), "instead", 0)))]
    async fn in_body(log: Log, until: oneshot::Receiver<()>) {
        inner(log.clone(), until).await;
    }
    #[finally(inner(log.clone(), until).await, on_cancel = (steps(log.clone(), "instead", 0)))]
    async fn in_cleanup(log: Log, until: oneshot::Receiver<()>) {
        log.push("body");
    }
    // The cleanup has not started when it is cancelled: it still waits.
    #[finally({ suspend().await; log.push("not reached") }, on_cancel = (steps(log.clone(), "instead", 0)))]
    async fn before_cleanup(log: Log, until: oneshot::Receiver<()>) {
        tokio::select! {
            biased;
            () = inner(log.clone(), until) => {}
            () = std::future::ready(()) => log.push("body"),
        }
    }
    fn check<F: Future>(subject: fn(Log, oneshot::Receiver<()>) -> F, before: &[&str]) {
        let _turn = exclusive();
        let log = Log::default();
        let (end, until) = oneshot::channel();
        let mut hand = Hand::new(subject(log.clone(), until));
        assert!(hand.poll().is_pending());
        drop(hand);
        assert_eq!(log.events(), before);
        end.send(()).unwrap();
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events(), [before, &["inner", "instead 0"]].concat());
    }
    check(in_body, &[]);
    check(in_cleanup, &["body"]);
    check(before_cleanup, &["body"]);
}

#[test]
fn p1_a_cleanup_that_has_ended_and_waits_for_what_it_cancelled_is_not_replaced() {
    #[finally(async move { until.await.unwrap(); log.push("inner") })]
    async fn inner(log: Log, until: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = (&log, &until);
    }
    async fn cancels(log: &Log, until: oneshot::Receiver<()>) {
        tokio::select! {
            biased;
            () = inner(log.clone(), until) => {}
            () = std::future::ready(()) => log.push("clean"),
        }
    }
    #[finally(cancels(log, until).await, on_cancel = (log.push("instead")))]
    async fn f(log: &Log, until: oneshot::Receiver<()>) {}

    let _turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel();
    let mut hand = Hand::new(f(&log, until));
    assert!(hand.poll().is_pending());
    drop(hand);
    end.send(()).unwrap();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["clean", "inner"]);
}

#[test]
fn p1_a_cleanup_that_panicked_in_its_evaluation_has_ended_and_is_not_replaced() {
    #[finally(async move { until.await.unwrap(); log.push("inner") })]
    async fn inner(log: Log, until: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = (&log, &until);
    }
    fn panics(log: &Log) -> impl Future<Output = ()> + use<> {
        log.push("evaluated");
        End::Panics.reach("cleanup").unwrap();
        suspend()
    }
    #[finally(panics(&log), on_cancel = (log.push("instead")))]
    async fn f(log: Log, until: oneshot::Receiver<()>) {
        tokio::select! {
            biased;
            () = inner(log.clone(), until) => {}
            () = std::future::ready(()) => {}
        }
    }
    let turn = exclusive();
    let log = Log::default();
    let (end, until) = oneshot::channel();
    let mut hand = Hand::new(f(log.clone(), until));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
    end.send(()).unwrap();
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["evaluated", "inner"]);
}

#[test]
fn p2_a_panic_out_of_the_drop_of_a_body_or_a_cleanup_does_not_lose_the_replacement() {
    #[finally({ let _bomb = cleanup.then(|| log.bomb("bomb")); suspend().await }, on_cancel = (instead(log, End::Succeeds)))]
    async fn f(log: &Log, cleanup: bool) {
        let _bomb = (!cleanup).then(|| log.bomb("bomb"));
        if !cleanup {
            suspend().await;
        }
    }
    let _turn = exclusive();
    for cleanup in [false, true] {
        let log = Log::default();
        let mut hand = Hand::new(f(&log, cleanup));
        assert!(hand.poll().is_pending());
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(hand)));
        assert!(dropped.is_err(), "the panic goes to the one who drops");
        finally::drain_blocking(None).unwrap();
        assert_eq!(log.events(), ["bomb", "instead", "instead 0", "instead 1"]);
    }
}

#[test]
fn what_only_the_cleanup_uses_needs_neither_send_nor_static() {
    #[finally({ suspend().await; cell.set(cell.get() + 1) }, on_cancel = (cell.set(9)))]
    async fn f(cell: &Rc<Cell<u8>>) {
        cell.set(1);
        suspend().await;
    }
    let cell = Rc::new(Cell::new(0));
    Hand::new(f(&cell)).run();
    assert_eq!(cell.get(), 2);
    Hand::new(cancel_after(2, f(&cell))).run();
    assert_eq!(cell.get(), 9);
}

#[test]
fn a_future_that_borrows_is_send_if_its_parts_are() {
    fn is_send<F: Send>(future: F) -> F {
        future
    }
    #[finally({ suspend().await; log.push(format!("{value:?}")) }, on_cancel = (instead(log, End::Succeeds)))]
    async fn generic<'a, T: std::fmt::Debug + Sync>(
        log: &Log,
        value: &'a T,
        by: &mut u8,
    ) -> Result<&'a T, Error> {
        suspend().await;
        *by += 1;
        Ok(value)
    }
    let log = Log::default();
    let (value, mut by) = (String::from("value"), 0);
    assert_eq!(Hand::new(is_send(generic(&log, &value, &mut by))).run(), Ok(&value));
    assert_eq!((by, log.take().join(" ")), (1, format!("{value:?}")));
}

#[test]
fn a_body_that_never_ends_and_one_that_ends_in_no_value() {
    #[finally(suspend().await, on_cancel = (log.push("instead")))]
    async fn never(log: &Log) -> ! {
        loop {
            suspend().await;
        }
    }
    #[finally(suspend().await, on_cancel = (panic!("{}", log.events().len())))]
    async fn panics(log: &Log) {
        suspend().await;
    }
    let turn = exclusive();
    let log = Log::default();
    for pendings in 1..=3 {
        let mut hand = Hand::new(never(&log));
        for _ in 0..pendings {
            assert!(hand.poll().is_pending());
        }
        drop(hand);
        assert_eq!(log.take(), ["instead"]);
    }
    let mut hand = Hand::new(panics(&log));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}

#[test]
fn a_value_of_replace_on_cancel_is_a_cleanup_of_the_attribute_too() {
    #[finally(finally::replace_on_cancel(suspend(), move || log.push("instead")))]
    async fn f(log: Log) {
        suspend().await;
    }
    let log = Log::default();
    Hand::new(f(log.clone())).run();
    assert_eq!(log.events(), [""; 0]);
    for pendings in 1..=2 {
        Hand::new(cancel_after(pendings, f(log.clone()))).run();
        assert_eq!(log.take(), ["instead"]);
    }
}

on_every_runtime! {
    a_replacement_ends_on_the_executor(runtime) {
        #[finally(suspend().await, on_cancel = (steps(log.clone(), "instead", 2)))]
        async fn f(log: Log) {
            suspend().await;
        }
        let _turn = exclusive();
        for pendings in 1..=2 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, f(log.clone())));
            assert_eq!(log.events(), ["instead 0", "instead 1", "instead 2"]);
        }
    }
}
