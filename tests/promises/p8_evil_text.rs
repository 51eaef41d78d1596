//! P8: a failure whose `Debug` or `Display` panics, blocks or cancels loses no cleanup and no other failure, and no drop panics.

use std::{
    fmt,
    panic::{catch_unwind, panic_any},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use finally::{Failure, FailureKind, FinallyExt, Scope, block, finally, guard};

use crate::support::{
    Error, Exclusive, Log, exclusive,
    hand::Hand,
    scene::{cancel, drained},
    suspend,
};

/// An error whose texts panic.
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("display")
    }
}

impl fmt::Debug for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("debug")
    }
}

/// The kind of each failure, and whether its text is the one that stands for a text that panics.
fn reports(turn: &Exclusive) -> Vec<(FailureKind, bool)> {
    let failures = turn.failures().into_iter();
    failures
        .map(|failure| {
            (
                failure.kind,
                failure.message.contains("Unspeakable") && failure.message.ends_with("text panics"),
            )
        })
        .collect()
}

const FAILED: (FailureKind, bool) = (FailureKind::CleanupFailed, true);

async fn fails() -> Result<(), Unspeakable> {
    suspend().await;
    Err(Unspeakable)
}

mod an_error_whose_text_panics {
    use super::*;

    #[finally(fails())]
    async fn in_a_cleanup_without_arguments() -> Result<(), Unspeakable> {
        suspend().await;
        Ok(())
    }

    #[finally({ fails().await?; log.push("unreachable"); Ok(()) })]
    async fn in_a_cleanup(log: Log) -> Result<(), Unspeakable> {
        suspend().await;
        let _uses = &log;
        Ok(())
    }

    #[test]
    fn p8_costs_its_text_when_the_cleanup_is_handed_off() {
        let turn = exclusive();
        cancel(in_a_cleanup_without_arguments());
        drained();
        assert_eq!(reports(&turn), [FAILED]);
        cancel(in_a_cleanup(Log::default()));
        drained();
        assert_eq!(reports(&turn), [FAILED]);
        cancel(fails().finally(fails));
        drained();
        assert_eq!(reports(&turn), [FAILED], "of a method");
        drop(guard((), |()| fails()));
        drained();
        assert_eq!(reports(&turn), [FAILED], "of a guard");
        let mut scope = Scope::<Unspeakable>::new();
        scope.defer(fails);
        drop(scope);
        drained();
        assert_eq!(reports(&turn), [FAILED], "of a scope");
        cancel(async {
            block::finally! { try { suspend().await; Ok::<(), Unspeakable>(()) } finally { fails().await } }
        });
        drained();
        assert_eq!(reports(&turn), [FAILED], "of a block");
    }

    #[test]
    fn p8_costs_its_text_when_the_cleanup_runs_inside_the_drop() {
        #[finally(Err(Unspeakable))]
        async fn in_place() -> Result<(), Unspeakable> {
            suspend().await;
            Ok(())
        }
        #[finally(fails(), on_cancel = block)]
        async fn blocks() -> Result<(), Unspeakable> {
            suspend().await;
            Ok(())
        }
        let turn = exclusive();
        cancel(in_place());
        assert_eq!(reports(&turn), [FAILED]);
        cancel(blocks());
        assert_eq!(reports(&turn), [FAILED], "of one that blocks");
        drop(guard((), |()| Err::<(), _>(Unspeakable)));
        assert_eq!(reports(&turn), [FAILED], "of a guard");
    }

    #[test]
    fn p8_costs_its_text_when_another_failure_came_first() {
        #[finally(fails())]
        async fn f() -> Result<(), Unspeakable> {
            Err(Unspeakable)
        }
        let turn = exclusive();
        assert!(Hand::new(f()).run().is_err());
        assert_eq!(reports(&turn), [FAILED]);
    }

    #[test]
    fn p8_costs_its_text_when_it_is_the_body_whose_caller_left() {
        #[finally(suspend())]
        async fn f() -> Result<(), Unspeakable> {
            Err(Unspeakable)
        }
        let turn = exclusive();
        cancel(f());
        drained();
        assert_eq!(reports(&turn), [(FailureKind::BodyFailed, true)]);
    }

    #[test]
    fn p8_does_not_stop_the_cleanups_after_it() {
        #[finally(async { suspend().await; log.push("around") })]
        async fn around(log: Log) {
            let _ = in_a_cleanup(log.clone()).await;
        }
        let turn = exclusive();
        let log = Log::default();
        cancel(around(log.clone()));
        drained();
        cancel(around(log.clone()));
        drained();
        assert_eq!(log.events(), ["around"; 2]);
        assert_eq!(reports(&turn), [FAILED; 2]);
    }
}

/// Code of a user runs for a text, so it runs when there is a report and not to find out whether there is a failure.
mod an_error_is_formatted_for_a_report_alone {
    use super::*;

    /// Counts how often it is formatted.
    #[derive(Clone, Default)]
    struct Counted(Arc<AtomicUsize>);

    impl fmt::Display for Counted {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fetch_add(1, SeqCst);
            formatter.write_str("counted")
        }
    }

    impl fmt::Debug for Counted {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Display::fmt(self, formatter)
        }
    }

    type Ended = Result<(), Counted>;

    #[finally(async { suspend().await; cleanup })]
    async fn awaited(body: Ended, cleanup: Ended) -> Ended {
        suspend().await;
        body
    }

    #[finally({ cleanup })]
    async fn in_place(body: Ended, cleanup: Ended) -> Ended {
        suspend().await;
        body
    }

    #[finally({ suspend().await; cleanup }, on_cancel = skip)]
    async fn skipped(body: Ended, cleanup: Ended) -> Ended {
        suspend().await;
        body
    }

    #[finally({ suspend().await; cleanup }, on_cancel = block)]
    async fn blocking(body: Ended, cleanup: Ended) -> Ended {
        suspend().await;
        body
    }

    #[finally({ cleanup })]
    fn not_async(body: Ended, cleanup: Ended) -> Ended {
        body
    }

    async fn method(body: Ended, cleanup: Ended) -> Ended {
        let body = async {
            suspend().await;
            body
        };
        body.finally(move || async { cleanup }).await
    }

    /// The number of times the error of the body and that of the cleanup are formatted.
    fn formatted<F: Future<Output = Ended>>(
        run: fn(Ended, Ended) -> F,
        body_fails: bool,
        cleanup_fails: bool,
    ) -> [usize; 2] {
        let (body, cleanup) = (Counted::default(), Counted::default());
        let ended = |fails: bool, error: &Counted| if fails { Err(error.clone()) } else { Ok(()) };
        let result = Hand::new(run(ended(body_fails, &body), ended(cleanup_fails, &cleanup))).run();
        assert_eq!(result.is_err(), body_fails || cleanup_fails);
        [body, cleanup].map(|error| error.0.load(SeqCst))
    }

    #[test]
    fn p8_not_when_it_is_delivered() {
        fn check<F: Future<Output = Ended>>(run: fn(Ended, Ended) -> F) {
            assert_eq!(formatted(run, true, false), [0, 0], "of the body");
            assert_eq!(formatted(run, false, true), [0, 0], "of the cleanup");
        }
        let _turn = exclusive();
        check(awaited);
        check(in_place);
        check(skipped);
        check(blocking);
        check(method);
        check(|body, cleanup| std::future::ready(not_async(body, cleanup)));
    }

    #[test]
    fn p8_once_when_it_is_reported() {
        fn check<F: Future<Output = Ended>>(run: fn(Ended, Ended) -> F) {
            assert_eq!(formatted(run, true, true), [0, 1]);
        }
        let turn = exclusive();
        check(awaited);
        check(in_place);
        check(skipped);
        check(blocking);
        check(method);
        check(|body, cleanup| std::future::ready(not_async(body, cleanup)));
        assert_eq!(turn.kinds(), [FailureKind::CleanupFailed; 6]);
    }
}

/// Panics when it is dropped, with a payload that panics so many times more.
struct Bomb(usize);

impl Drop for Bomb {
    fn drop(&mut self) {
        if let Some(more) = self.0.checked_sub(1) {
            panic_any(Self(more));
        }
    }
}

mod a_payload_whose_drop_panics {
    use super::*;

    #[finally({ suspend().await; log.push("clean"); panic_any(Bomb(bombs)) })]
    async fn in_a_cleanup(log: Log, bombs: usize) {
        suspend().await;
        let _uses = (&log, &bombs);
    }

    #[test]
    fn p8_harms_nobody_when_the_cleanup_is_handed_off() {
        #[finally(async { suspend().await; log.push("around") })]
        async fn around(log: Log, bombs: usize) {
            in_a_cleanup(log.clone(), bombs).await;
        }
        let turn = exclusive();
        for bombs in 1..=3 {
            let log = Log::default();
            cancel(around(log.clone(), bombs));
            drained();
            assert_eq!(log.take(), ["clean", "around"], "{bombs}");
            assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked], "{bombs}");
        }
    }

    #[test]
    fn p8_harms_nobody_when_the_cleanup_runs_inside_the_drop() {
        #[finally(panic_any(Bomb(bombs)))]
        async fn in_place(bombs: usize) {
            suspend().await;
        }
        let turn = exclusive();
        for bombs in 1..=3 {
            cancel(in_place(bombs));
            assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked], "{bombs}");
        }
    }

    #[test]
    fn p8_harms_nobody_when_another_failure_came_first() {
        #[finally(panic_any(Bomb(bombs)))]
        async fn in_place(bombs: usize) -> Result<(), Error> {
            Err(Error("body"))
        }
        let turn = exclusive();
        for bombs in 1..=3 {
            assert_eq!(Hand::new(in_place(bombs)).run(), Err(Error("body")));
            assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked], "{bombs}");
        }
    }

    #[test]
    fn p8_harms_nobody_when_a_text_panics_with_it() {
        struct Unspeakable(usize);

        impl fmt::Debug for Unspeakable {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic_any(Bomb(self.0))
            }
        }
        let turn = exclusive();
        for bombs in 1..=3 {
            drop(guard((), |()| Err::<(), _>(Unspeakable(bombs))));
            assert_eq!(reports(&turn), [FAILED], "{bombs}");
        }
    }
}

mod an_error_whose_drop_panics {
    use super::*;

    /// Panics when it is dropped.
    #[derive(Debug)]
    struct Explosive;

    impl Drop for Explosive {
        fn drop(&mut self) {
            panic!("explosive");
        }
    }

    const BOTH: [FailureKind; 2] = [FailureKind::CleanupFailed, FailureKind::CleanupPanicked];

    #[finally({ suspend().await; Err::<(), _>(Explosive) })]
    async fn f(log: Log) -> Result<(), Explosive> {
        suspend().await;
        let _uses = &log;
        Ok(())
    }

    #[test]
    fn p8_is_reported_twice_when_the_cleanup_is_handed_off() {
        #[finally(async { suspend().await; log.push("around") })]
        async fn around(log: Log) {
            std::mem::forget(f(log.clone()).await);
        }
        let turn = exclusive();
        let log = Log::default();
        cancel(around(log.clone()));
        drained();
        assert_eq!((turn.kinds(), log.events()), (BOTH.to_vec(), vec!["around".to_owned()]));
    }

    #[test]
    fn p8_is_reported_twice_when_the_cleanup_runs_inside_the_drop() {
        let turn = exclusive();
        drop(guard((), |()| Err::<(), _>(Explosive)));
        assert_eq!(turn.kinds(), BOTH);
    }

    #[test]
    fn p8_is_reported_twice_when_it_is_the_body_whose_caller_left() {
        #[finally(async { suspend().await; log.push("clean") })]
        async fn f(log: Log) -> Result<(), Explosive> {
            let _uses = &log;
            Err(Explosive)
        }
        let turn = exclusive();
        let log = Log::default();
        cancel(f(log.clone()));
        drained();
        assert_eq!(turn.kinds(), [FailureKind::BodyFailed, FailureKind::BodyPanicked]);
        assert_eq!(log.events(), ["clean"]);
    }
}

/// A hook is called without a lock, and may do all that others do.
mod a_hook {
    use super::*;

    #[finally(panic_any("cleanup"))]
    async fn reports_in_its_drop() {
        suspend().await;
    }

    /// Reports something when it is dropped.
    fn reporter() -> Mutex<Box<dyn Send>> {
        let mut hand = Hand::new(reports_in_its_drop());
        assert!(hand.poll().is_pending());
        Mutex::new(Box::new(Sendable(hand)))
    }

    struct Sendable<F>(#[allow(dead_code, reason = "it is there to be dropped")] Hand<F>);

    fn counting(log: &Log, name: &'static str) -> impl Fn(&Failure) + Send + Sync + use<> {
        let log = log.clone();
        move |_| log.push(name)
    }

    #[test]
    fn p8_that_panics_with_an_evil_payload_harms_nobody() {
        #[finally(async { suspend().await; log.push("around") })]
        async fn around(log: Log) {
            reports_later().await;
            let _uses = &log;
        }
        #[finally(async { suspend().await; panic_any("cleanup") })]
        async fn reports_later() {
            suspend().await;
        }
        let turn = exclusive();
        finally::set_failure_hook(|_| panic_any(Bomb(2)));
        let log = Log::default();
        for _ in 0..2 {
            cancel(around(log.clone()));
            drained();
        }
        assert_eq!(log.events(), ["around"; 2]);
        cancel(reports_in_its_drop());
        drop(turn);
    }

    #[test]
    fn p8_whose_drop_reports_reports_to_its_successor() {
        let _turn = exclusive();
        let log = Log::default();
        let owned = reporter();
        let first = counting(&log, "first");
        finally::set_failure_hook(move |failure| {
            let _owns = &owned;
            first(failure);
        });
        finally::set_failure_hook(counting(&log, "second"));
        assert_eq!(log.take(), ["second"]);
    }

    /// The report that is under way owns it to the end.
    #[test]
    fn p8_that_replaces_itself_reports_in_its_drop() {
        let _turn = exclusive();
        let log = Log::default();
        let owned = reporter();
        let first = counting(&log, "first");
        let seen = log.clone();
        finally::set_failure_hook(move |failure| {
            let _owns = &owned;
            finally::set_failure_hook(counting(&seen, "second"));
            first(failure);
        });
        cancel(reports_in_its_drop());
        assert_eq!(log.events(), ["first", "second"]);
    }

    #[test]
    fn p8_that_reports_itself_is_called_again() {
        let _turn = exclusive();
        let log = Log::default();
        let count = counting(&log, "called");
        let depth = AtomicUsize::new(0);
        finally::set_failure_hook(move |failure| {
            if depth.fetch_add(1, SeqCst) < 2 {
                cancel(reports_in_its_drop());
            }
            count(failure);
        });
        cancel(reports_in_its_drop());
        assert_eq!(log.events(), ["called"; 3]);
    }

    #[test]
    fn p8_that_is_dropped_in_the_middle_of_its_call_is_called_to_the_end() {
        let _turn = exclusive();
        let log = Log::default();
        let (seen, held) = (log.clone(), log.on_drop("dropped"));
        finally::set_failure_hook(move |_| {
            let _held = &held;
            thread::spawn(finally::take_failure_hook).join().unwrap();
            seen.push("called");
        });
        cancel(reports_in_its_drop());
        assert_eq!(log.events(), ["called", "dropped"]);
    }

    #[test]
    fn p8_whose_drop_panics_makes_no_report_panic() {
        let _turn = exclusive();
        let log = Log::default();
        let (seen, bomb) = (log.clone(), log.bomb("bomb"));
        finally::set_failure_hook(move |_| {
            let _holds = &bomb;
            drop(finally::take_failure_hook());
            seen.push("called");
        });
        let dropped = catch_unwind(|| cancel(reports_in_its_drop()));
        assert!(dropped.is_ok());
        assert_eq!(log.events(), ["called", "bomb"]);
    }
}
