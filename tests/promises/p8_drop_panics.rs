//! P8 and P4: panics out of drops. None is lost, none hides a cleanup, and no second one is thrown while the first is in
//! flight, which would abort the process.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::Pin,
    task::{Context, Poll},
};

use finally::{FailureKind, Fate, FinallyExt, Scope, block, finally, guard};
use tokio::sync::oneshot;

use crate::support::{
    End, Error, Log, Panic, exclusive,
    hand::Hand,
    panic_of,
    scene::{cancel, drained, held, in_turns, let_others_go_on},
    suspend,
};

/// Panics with its name when it is dropped.
#[derive(Debug)]
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any(Panic(self.0));
    }
}

/// A future that ends in its first poll, and panics when it is dropped.
struct EndsAndExplodes<T> {
    end: fn() -> T,
    _bomb: Bomb,
}

impl<T> Future for EndsAndExplodes<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        Poll::Ready((self.end)())
    }
}

fn ends_and_explodes<T>(name: &'static str, end: fn() -> T) -> EndsAndExplodes<T> {
    EndsAndExplodes { end, _bomb: Bomb(name) }
}

async fn clean(log: Log) {
    suspend().await;
    log.push("clean");
}

/// Returns the payload with which the drop of a suspended future panics.
fn panic_of_drop(future: impl Future) -> Panic {
    let mut hand = Hand::new(future);
    assert!(hand.poll().is_pending());
    panic_of(|| drop(hand))
}

/// A body whose poll ends, be it in a panic, and whose drop panics then.
mod a_body_that_has_ended {
    use super::*;

    fn panics() -> Result<(), Error> {
        panic_any(Panic("poll"))
    }

    /// Runs a body with a cleanup in each form that takes any future.
    fn check(end: fn() -> Result<(), Error>, panic: Panic, reported: &[FailureKind]) {
        #[finally(clean(log.clone()))]
        fn attribute(log: Log, end: fn() -> Result<(), Error>) -> impl Future<Output = Result<(), Error>> {
            let _uses = &log;
            ends_and_explodes("drop", end)
        }
        #[finally(log.push("clean"))]
        fn in_place(log: Log, end: fn() -> Result<(), Error>) -> impl Future<Output = Result<(), Error>> {
            let _uses = &log;
            ends_and_explodes("drop", end)
        }
        #[finally(clean(log.clone()), on_cancel = skip)]
        fn skipped(log: Log, end: fn() -> Result<(), Error>) -> impl Future<Output = Result<(), Error>> {
            let _uses = &log;
            ends_and_explodes("drop", end)
        }
        async fn method(log: Log, end: fn() -> Result<(), Error>) -> Result<(), Error> {
            ends_and_explodes("drop", end).finally(move || clean(log)).await
        }
        type Ending = fn() -> Result<(), Error>;

        fn check_one<F: Future<Output = Result<(), Error>>>(
            run: fn(Log, Ending) -> F,
            end: Ending,
            panic: Panic,
            reported: &[FailureKind],
        ) {
            let turn = exclusive();
            let log = Log::default();
            assert_eq!(panic_of(|| Hand::new(run(log.clone(), end)).run()), panic);
            assert_eq!(log.events(), ["clean"]);
            assert_eq!(turn.kinds(), reported);
        }
        check_one(attribute, end, panic, reported);
        check_one(in_place, end, panic, reported);
        check_one(skipped, end, panic, reported);
        check_one(method, end, panic, reported);
    }

    #[test]
    fn p8_a_panic_of_its_poll_comes_before_one_of_its_drop() {
        check(panics, Panic("poll"), &[FailureKind::BodyPanicked]);
    }

    #[test]
    fn p8_a_panic_of_its_drop_takes_the_place_of_its_value() {
        check(|| Ok(()), Panic("drop"), &[]);
    }

    #[test]
    fn p8_an_error_whose_place_is_taken_is_reported() {
        check(|| Err(Error("body")), Panic("drop"), &[FailureKind::BodyFailed]);
    }

    #[test]
    fn p8_when_the_caller_leaves_during_the_cleanup_both_are_reported() {
        let turn = exclusive();
        let log = Log::default();
        let at_exit = log.clone();
        cancel(ends_and_explodes("drop", panics).finally(move || clean(at_exit)));
        drained();
        assert_eq!(log.events(), ["clean"]);
        let panics: Vec<_> = turn.failures().into_iter().map(|failure| failure.panic.unwrap().0).collect();
        assert_eq!(panics, ["drop", "poll"]);
    }

    /// The cleanup sees the end that the caller will see.
    #[test]
    fn p8_the_fate_is_the_panic_of_its_drop() {
        #[finally(|fate| log.push(format!("{fate:?}")))]
        fn attribute(log: Log) -> impl Future<Output = u8> {
            let _uses = &log;
            ends_and_explodes("drop", || 1)
        }
        let _turn = exclusive();
        let log = Log::default();
        assert_eq!(panic_of(|| Hand::new(attribute(log.clone())).run()), Panic("drop"));
        let at_exit = log.clone();
        let method = ends_and_explodes("drop", || 1).finally_with(move |fate| {
            let Fate::Panicked(payload) = fate else { panic!("{fate:?}") };
            at_exit.push(payload.downcast_ref::<Panic>().unwrap().0);
        });
        assert_eq!(panic_of(|| Hand::new(method).run()), Panic("drop"));
        assert_eq!(log.events(), ["Panicked(..)", "drop"]);
    }

    #[test]
    fn p8_the_fate_of_a_body_that_panics_twice_is_its_first_panic() {
        let turn = exclusive();
        let log = Log::default();
        let at_exit = log.clone();
        let method = ends_and_explodes("drop", panics).finally_with(move |fate| {
            let Fate::Panicked(payload) = fate else { panic!("{fate:?}") };
            at_exit.push(payload.downcast_ref::<Panic>().unwrap().0);
        });
        assert_eq!(panic_of(|| Hand::new(method).run()), Panic("poll"));
        assert_eq!(log.events(), ["poll"]);
        assert_eq!(turn.kinds(), [FailureKind::BodyPanicked]);
    }
}

/// A body that is cancelled, and whose drop panics.
mod a_body_that_is_cancelled {
    use super::*;

    #[test]
    fn p8_the_fate_is_cancelled_though_its_drop_panics() {
        #[finally(|fate| log.push(format!("{fate:?}")))]
        async fn f(log: Log) {
            let _bomb = Bomb("drop");
            std::future::pending::<()>().await;
            let _uses = &log;
        }
        let _turn = exclusive();
        let log = Log::default();
        assert_eq!(panic_of_drop(f(log.clone())), Panic("drop"));
        assert_eq!(log.events(), ["Cancelled"]);
    }

    /// Has one bomb in its body and one in its argument.
    #[finally(clean_with(log.clone(), &argument))]
    async fn two_bombs(log: Log, argument: Bomb) {
        let _bomb = Bomb("body");
        std::future::pending::<()>().await;
        let _uses = (&log, &argument);
    }
    fn clean_with(log: Log, _: &Bomb) -> impl Future<Output = ()> + use<> {
        clean(log)
    }

    /// A drop can deliver one panic only.
    #[test]
    fn p8_the_panic_of_an_argument_comes_after_that_of_the_body_and_is_reported() {
        let turn = exclusive();
        let log = Log::default();
        assert_eq!(panic_of_drop(two_bombs(log.clone(), Bomb("argument"))), Panic("body"));
        drained();
        assert_eq!(log.events(), ["clean"]);
        let failures = turn.failures();
        assert_eq!(failures.len(), 1);
        assert_eq!(
            (failures[0].kind, failures[0].panic),
            (FailureKind::BodyPanicked, Some(Panic("argument")))
        );
    }

    #[test]
    fn p8_two_panics_of_a_drop_while_the_thread_unwinds_are_both_reported() {
        let turn = exclusive();
        let log = Log::default();
        let unwound = panic_of(|| {
            let mut hand = Hand::new(two_bombs(log.clone(), Bomb("argument")));
            assert!(hand.poll().is_pending());
            End::Panics.reach("caller").unwrap();
        });
        assert_eq!(unwound, Panic("caller"));
        drained();
        assert_eq!(log.events(), ["clean"]);
        let mut panics: Vec<_> =
            turn.failures().into_iter().map(|failure| failure.panic.unwrap().0).collect();
        panics.sort();
        assert_eq!(panics, ["argument", "body"]);
    }

    /// A cleanup that is skipped is dropped unpolled.
    #[test]
    fn p8_the_panic_of_a_skipped_cleanup_comes_after_that_of_the_body_and_is_reported() {
        let turn = exclusive();
        let body = async {
            let _bomb = Bomb("body");
            std::future::pending::<()>().await;
        };
        let method =
            body.finally(|| finally::skip_on_cancel(ends_and_explodes("cleanup", || unreachable!())));
        assert_eq!(panic_of_drop(method), Panic("body"));
        let failures = turn.failures();
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0].panic, Some(Panic("cleanup")));
    }

    #[test]
    fn p8_the_panic_of_a_skipped_cleanup_alone_goes_on_to_the_dropper() {
        let _turn = exclusive();
        let method = std::future::pending::<()>()
            .finally(|| finally::skip_on_cancel(ends_and_explodes("cleanup", || unreachable!())));
        assert_eq!(panic_of_drop(method), Panic("cleanup"));
    }

    /// The call that builds the cleanup panics, and nobody receives that.
    #[test]
    fn p8_the_panic_of_a_handler_is_reported_whatever_it_was_to_build() {
        let turn = exclusive();
        cancel(std::future::pending::<()>().finally(|| {
            panic_any(Panic("handler"));
            #[allow(unreachable_code, reason = "it says what the handler would have been")]
            finally::skip_on_cancel(suspend())
        }));
        cancel(std::future::pending::<()>().finally(|| {
            panic_any(Panic("handler"));
            #[allow(unreachable_code, reason = "it says what the handler would have been")]
            finally::block_on_cancel(suspend())
        }));
        cancel(std::future::pending::<()>().finally(|| {
            panic_any(Panic("handler"));
            #[allow(unreachable_code, reason = "it says what the handler would have been")]
            suspend()
        }));
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked; 3]);
    }
}

/// The drop of a cleanup's future that has ended counts as the cleanup's own end.
mod a_cleanup_that_has_ended {
    use super::*;

    /// A body with a cleanup, in each form that awaits any future.
    type Run =
        fn(Result<(), Error>, fn() -> Result<(), Error>) -> Pin<Box<dyn Future<Output = Result<(), Error>>>>;

    #[finally(ends_and_explodes("cleanup", end))]
    async fn attribute(body: Result<(), Error>, end: fn() -> Result<(), Error>) -> Result<(), Error> {
        let _uses = &end;
        body
    }

    #[finally(ends_and_explodes("cleanup", end), on_cancel = skip)]
    async fn skipped(body: Result<(), Error>, end: fn() -> Result<(), Error>) -> Result<(), Error> {
        let _uses = &end;
        body
    }

    #[finally(ends_and_explodes("cleanup", end), on_cancel = block)]
    async fn blocking(body: Result<(), Error>, end: fn() -> Result<(), Error>) -> Result<(), Error> {
        let _uses = &end;
        body
    }

    const RUNS: [Run; 5] = [
        |body, end| Box::pin(attribute(body, end)),
        |body, end| Box::pin(skipped(body, end)),
        |body, end| Box::pin(blocking(body, end)),
        |body, end| Box::pin(std::future::ready(body).finally(move || ends_and_explodes("cleanup", end))),
        |body, end| {
            Box::pin(block::finally! {
                <Result<(), Error>>
                async move { body }
                finally |_| { ends_and_explodes("cleanup", end) }
            })
        },
    ];

    #[test]
    fn p8_its_panic_goes_to_the_caller() {
        let _turn = exclusive();
        for (form, run) in RUNS.iter().enumerate() {
            assert_eq!(panic_of(|| Hand::new(run(Ok(()), || Ok(()))).run()), Panic("cleanup"), "form {form}");
        }
    }

    #[test]
    fn p8_its_panic_after_a_failure_of_the_body_is_reported() {
        let turn = exclusive();
        for (form, run) in RUNS.iter().enumerate() {
            let result = Hand::new(run(Err(Error("body")), || Ok(()))).run();
            assert_eq!(result, Err(Error("body")), "form {form}");
            assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked], "form {form}");
        }
    }

    #[test]
    fn p8_its_own_error_is_not_lost() {
        let turn = exclusive();
        for (form, run) in RUNS.iter().enumerate() {
            let end = || Err(Error("cleanup"));
            assert_eq!(panic_of(|| Hand::new(run(Ok(()), end)).run()), Panic("cleanup"), "form {form}");
            assert_eq!(turn.kinds(), [FailureKind::CleanupFailed], "form {form}");
        }
    }

    #[test]
    fn p8_its_own_panic_is_not_lost() {
        let turn = exclusive();
        for (form, run) in RUNS.iter().enumerate() {
            let end = || panic_any(Panic("poll"));
            let seen = panic_of(|| Hand::new(run(Ok(()), end)).run());
            let mut all: Vec<_> =
                turn.failures().into_iter().map(|failure| failure.panic.unwrap().0).collect();
            all.push(seen.0);
            all.sort();
            assert_eq!(all, ["cleanup", "poll"], "form {form}");
        }
    }

    #[test]
    fn p8_handed_off_each_of_its_failures_is_reported() {
        #[finally(ends_and_explodes("cleanup", end))]
        async fn f(end: fn() -> Result<(), Error>) -> Result<(), Error> {
            suspend().await;
            let _uses = &end;
            Ok(())
        }
        let turn = exclusive();
        cancel(f(|| Ok(())));
        drained();
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
        cancel(f(|| Err(Error("cleanup"))));
        drained();
        assert_eq!(turn.kinds(), [FailureKind::CleanupFailed, FailureKind::CleanupPanicked]);
        cancel(f(|| panic_any(Panic("poll"))));
        drained();
        let panics: Vec<_> = turn.failures().into_iter().map(|failure| failure.panic.unwrap().0).collect();
        assert_eq!(panics, ["poll", "cleanup"]);
    }

    #[test]
    fn p8_in_a_scope_its_panic_is_the_first_failure_or_is_reported() {
        fn scope() -> Scope<Error> {
            let mut scope = Scope::<Error>::new();
            scope.defer(|| ends_and_explodes("cleanup", || ()));
            scope
        }
        let turn = exclusive();
        assert_eq!(panic_of(|| Hand::new(scope().close()).run()), Panic("cleanup"));
        assert!(turn.failures().is_empty());

        let mut after_another = scope();
        after_another.defer(|| Err::<(), _>(Error("first")));
        assert_eq!(Hand::new(after_another.close()).run(), Err(Error("first")));
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);

        drop(scope());
        drained();
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
    }

    #[test]
    fn p8_in_a_scope_the_others_run_after_it() {
        let _turn = exclusive();
        let log = Log::default();
        let last = log.clone();
        let mut scope = <Scope>::new();
        scope.defer(move || clean(last));
        scope.defer(|| ends_and_explodes("cleanup", || ()));
        assert_eq!(panic_of(|| Hand::new(scope.close()).run()), Panic("cleanup"));
        assert_eq!(log.events(), ["clean"]);
    }

    /// A value whose drop panics, of a function that is not async.
    #[test]
    fn p8_in_a_function_that_is_not_async_the_drop_of_its_error_is_reported() {
        struct Explosive(#[allow(dead_code, reason = "it is there to be dropped")] Bomb);

        impl From<Explosive> for Error {
            fn from(_: Explosive) -> Self {
                unreachable!("it is never delivered")
            }
        }
        #[finally(Err::<(), _>(Explosive(Bomb("cleanup"))))]
        fn f() -> Result<(), Error> {
            Err(Error("body"))
        }
        let turn = exclusive();
        assert_eq!(f(), Err(Error("body")));
        assert_eq!(turn.kinds(), [FailureKind::CleanupFailed, FailureKind::CleanupPanicked]);
    }

    #[test]
    fn p8_a_guard_reports_the_panic() {
        let turn = exclusive();
        drop(guard((), |()| ends_and_explodes("cleanup", || Ok::<(), Error>(()))));
        drained();
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
    }
}

/// The first failure of a scope, whose caller left.
#[test]
fn p8_an_abandoned_close_reports_the_line_of_the_cleanup_that_failed_first() {
    let turn = exclusive();
    let mut scope = Scope::<Error>::new();
    scope.defer(suspend);
    let line = line!() + 1;
    scope.defer(|| Err::<(), _>(Error("first")));
    cancel(scope.close());
    drained();
    let failures = turn.failures();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].line, &*failures[0].message), (line, "Error(\"first\")"));
}

/// A panic is no `Err`, and is kept all the same.
#[test]
fn p8_an_abandoned_close_reports_the_panic_that_came_first() {
    let turn = exclusive();
    let mut scope = Scope::<Error>::new();
    scope.defer(suspend);
    scope.defer(|| Err::<(), _>(Error("second")));
    scope.defer(|| panic_any(Panic("first")));
    cancel(scope.close());
    drained();
    assert_eq!(turn.kinds(), [FailureKind::CleanupFailed, FailureKind::CleanupPanicked]);
}

mod a_cleanup_that_blocks_and_is_lost {
    use super::*;

    #[finally({ suspend().await; log.push("unreachable") }, on_cancel = block)]
    async fn lost(log: &Log, gate: oneshot::Receiver<()>) {
        cancel(held(log.clone(), "adopted", gate));
        std::future::pending::<()>().await;
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "a cleanup that blocks does not recognize the runtime")]
    #[test]
    fn p8_leaves_what_it_has_adopted_to_the_one_around() {
        #[finally(clean(log.clone()))]
        async fn around(log: Log, gate: oneshot::Receiver<()>) {
            lost(&log, gate).await;
        }
        let turn = exclusive();
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            cancel(around(log.clone(), closed));
            assert_eq!(turn.kinds(), [FailureKind::Lost]);
            let_others_go_on().await;
            assert!(log.events().is_empty());
            gate.send(()).unwrap();
            let_others_go_on().await;
        });
        assert_eq!(log.events(), ["adopted", "clean"]);
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "a cleanup that blocks does not recognize the runtime")]
    #[test]
    fn p8_leaves_what_its_body_held_to_nobody_if_there_is_none_around() {
        #[finally({ suspend().await; log.push("unreachable") }, on_cancel = block)]
        async fn lost(log: &Log, gate: oneshot::Receiver<()>) {
            held(log.clone(), "adopted", gate).await;
        }
        let turn = exclusive();
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            cancel(lost(&log, closed));
            assert_eq!(turn.kinds(), [FailureKind::Lost]);
            gate.send(()).unwrap();
            let_others_go_on().await;
        });
        assert_eq!(log.events(), ["adopted"]);
    }

    /// It is dropped half-way, and that panics, which is a failure of its own.
    #[cfg_attr(not(feature = "tokio"), ignore = "a cleanup that blocks does not recognize the runtime")]
    #[test]
    fn p8_reports_a_panic_of_its_drop() {
        #[finally({ let _bomb = Bomb("cleanup"); suspend().await; log.push("unreachable") }, on_cancel = block)]
        async fn f(log: &Log) {
            std::future::pending::<()>().await;
            let _uses = log;
        }
        let turn = exclusive();
        let dropped = in_turns(async { catch_unwind(AssertUnwindSafe(|| cancel(f(&Log::default())))) });
        assert!(dropped.is_ok());
        assert_eq!(turn.kinds(), [FailureKind::Lost, FailureKind::CleanupPanicked]);
    }
}

/// A value, or a part of a cleanup, that is dropped while a failure is on its way to the caller.
mod a_drop_beside_a_failure {
    use super::*;

    /// A value that panics when it is dropped.
    #[derive(Debug)]
    struct Value(#[allow(dead_code, reason = "it is there to be dropped")] Bomb);

    fn value() -> Result<Value, Error> {
        Ok(Value(Bomb("value")))
    }

    fn check<F: Future<Output = Result<Value, Error>>>(make: fn(End) -> F) {
        let turn = exclusive();
        assert_eq!(Hand::new(make(End::Fails)).run().unwrap_err(), Error("cleanup"));
        let failures = turn.failures();
        assert_eq!(failures.len(), 1);
        assert_eq!((failures[0].kind, failures[0].panic), (FailureKind::BodyPanicked, Some(Panic("value"))));

        assert_eq!(panic_of(|| Hand::new(make(End::Panics)).run()), Panic("cleanup"));
        let panics: Vec<_> = turn.failures().into_iter().map(|failure| failure.panic).collect();
        assert_eq!(panics, [Some(Panic("value"))]);
    }

    #[test]
    fn p8_the_failure_of_a_cleanup_is_not_lost_if_the_value_that_it_replaces_panics() {
        #[finally(end.reach("cleanup"))]
        async fn attribute(end: End) -> Result<Value, Error> {
            let _uses = &end;
            value()
        }
        #[finally({ suspend().await; end.reach("cleanup") })]
        async fn awaited(end: End) -> Result<Value, Error> {
            let _uses = &end;
            value()
        }
        #[finally({ suspend().await; end.reach("cleanup") }, on_cancel = skip)]
        async fn skipped(end: End) -> Result<Value, Error> {
            let _uses = &end;
            value()
        }
        async fn method(end: End) -> Result<Value, Error> {
            std::future::ready(value()).finally(async move || end.reach("cleanup")).await
        }
        async fn in_place(end: End) -> Result<Value, Error> {
            block::finally! {
                try { value() }
                finally { end.reach("cleanup") }
            }
        }
        check(attribute);
        check(awaited);
        check(skipped);
        check(method);
        check(in_place);
    }

    /// The replacement is not needed any more, and what it has captured panics.
    #[test]
    fn p8_no_result_is_lost_if_an_unused_replacement_panics() {
        fn run(body: End, cleanup: End) -> Hand<impl Future<Output = Result<(), Error>>> {
            let bomb = Bomb("replacement");
            Hand::new(async move { body.reach("body") }.finally(move || {
                finally::replace_on_cancel(async move { cleanup.reach("cleanup") }, move || drop(bomb))
            }))
        }
        let turn = exclusive();
        assert_eq!(run(End::Fails, End::Succeeds).run(), Err(Error("body")));
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
        assert_eq!(run(End::Succeeds, End::Fails).run(), Err(Error("cleanup")));
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
        assert_eq!(panic_of(|| run(End::Panics, End::Succeeds).run()), Panic("body"));
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
        assert_eq!(panic_of(|| run(End::Succeeds, End::Succeeds).run()), Panic("replacement"));
    }

    #[test]
    fn p8_the_panic_of_a_body_is_not_lost_if_its_replacement_panics() {
        let turn = exclusive();
        let body = async {
            let _bomb = Bomb("body");
            std::future::pending::<()>().await;
        };
        let method = body.finally(|| {
            let skipped = || finally::skip_on_cancel(ends_and_explodes("replacement", || unreachable!()));
            finally::replace_on_cancel(suspend(), skipped)
        });
        assert_eq!(panic_of_drop(method), Panic("body"));
        let panics: Vec<_> = turn.failures().into_iter().map(|failure| failure.panic).collect();
        assert_eq!(panics, [Some(Panic("replacement"))]);
    }

    #[test]
    fn p8_in_a_scope_the_error_of_a_cleanup_is_not_lost_if_its_future_panics() {
        fn scope() -> Scope<Error> {
            let mut scope = Scope::<Error>::new();
            scope.defer(|| ends_and_explodes("cleanup", || Err::<(), _>(Error("first"))));
            scope
        }
        let turn = exclusive();
        assert_eq!(Hand::new(scope().close()).run(), Err(Error("first")));
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
        drop(scope());
        drained();
        assert_eq!(turn.kinds(), [FailureKind::CleanupFailed, FailureKind::CleanupPanicked]);
    }
}

/// A body and an argument that its cleanup borrows panic in one drop.
mod an_argument_that_is_lent {
    use super::*;

    /// Drops a future that is under way, and logs its panic.
    struct Catches<F>(Option<Hand<F>>, Log);

    impl<F> Drop for Catches<F> {
        fn drop(&mut self) {
            let inner = self.0.take();
            let panic = catch_unwind(AssertUnwindSafe(|| drop(inner))).unwrap_err();
            self.1.push(panic.downcast::<Panic>().unwrap().0);
        }
    }

    #[finally({ let _uses = &arguments; }, on_cancel = skip)]
    async fn f<T>(body: Bomb, arguments: T) {
        let _body = body;
        std::future::pending::<()>().await;
        let _uses = &arguments;
    }

    /// The drop of an argument is a cancellation of its own, which has panics of its own.
    #[test]
    fn p8_the_panics_of_a_cancellation_in_its_drop_are_not_mixed_up() {
        let turn = exclusive();
        let log = Log::default();
        let mut inner = Hand::new(f(Bomb("inner body"), Bomb("inner argument")));
        assert!(inner.poll().is_pending());
        let arguments = (Catches(Some(inner), log.clone()), Bomb("argument"));
        assert_eq!(panic_of_drop(f(Bomb("body"), arguments)), Panic("body"));
        assert_eq!(log.events(), ["inner body"]);
        let panics: Vec<_> = turn.failures().into_iter().map(|failure| failure.panic.unwrap().0).collect();
        assert_eq!(panics, ["inner argument", "argument"]);
    }

    /// The inner one has one panic only, and must not take that of the outer one for its own.
    #[test]
    fn p8_a_cancellation_in_its_drop_does_not_take_the_panic_of_the_outer_one() {
        let turn = exclusive();
        let mut inners = Vec::new();
        for (arguments, reported) in [(single(), &[][..]), (other(), &["argument"][..])] {
            let log = arguments.0.1.clone();
            assert_eq!(panic_of_drop(f(Bomb("body"), arguments)), Panic("body"));
            inners.push(log.take());
            let panics: Vec<_> =
                turn.failures().into_iter().map(|failure| failure.panic.unwrap().0).collect();
            assert_eq!(panics, reported);
        }
        assert_eq!(inners, [["inner"], ["inner"]]);
    }

    type Inner = (Catches<Pin<Box<dyn Future<Output = ()>>>>, Option<Bomb>);

    fn under_way(future: impl Future<Output = ()> + 'static, bomb: Option<Bomb>) -> Inner {
        let mut hand = Hand::new(Box::pin(future) as Pin<Box<dyn Future<Output = ()>>>);
        assert!(hand.poll().is_pending());
        (Catches(Some(hand), Log::default()), bomb)
    }

    /// An inner one whose argument panics.
    fn single() -> Inner {
        #[finally({ let _uses = &argument; }, on_cancel = skip)]
        async fn inner(argument: Bomb) {
            std::future::pending::<()>().await;
            let _uses = &argument;
        }
        under_way(inner(Bomb("inner")), None)
    }

    /// An inner one whose body panics, beside another argument that panics.
    fn other() -> Inner {
        under_way(f(Bomb("inner"), ()), Some(Bomb("argument")))
    }

    /// The variables of the thread are gone by then.
    #[test]
    fn p8_no_panic_is_lost_on_a_thread_that_ends() {
        std::thread_local! {
            static LAST: std::cell::RefCell<Option<Box<dyn std::any::Any>>> = const { std::cell::RefCell::new(None) };
        }
        let turn = exclusive();
        std::thread::spawn(|| {
            // The variables of a thread are dropped in the reverse order of their first use.
            LAST.set(None);
            assert_eq!(panic_of_drop(f(Bomb("body"), ())), Panic("body"));
            let future = Box::pin(f(Bomb("body"), Bomb("argument")));
            let mut hand = Hand::new(future);
            assert!(hand.poll().is_pending());
            LAST.set(Some(Box::new(Catches(Some(hand), Log::default()))));
        })
        .join()
        .unwrap();
        let panics: Vec<_> = turn.failures().into_iter().map(|failure| failure.panic.unwrap().0).collect();
        assert_eq!(panics, ["argument"]);
    }
}
