//! `on_cancel = block`: a drop waits for the cleanup.

use super::{support::scene::cancel, *};

#[finally({ steps(log.clone(), "clean", 2).await; cleanup.reach("cleanup") }, on_cancel = block)]
async fn subject(log: &Log, body: End, cleanup: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", 2).await;
    body.reach("body")
}

async fn owned(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    subject(&log, body, cleanup).await
}

/// Drops the future after so many pendings, and logs that afterwards.
async fn cancel_and_say(log: Log, pendings: usize, body: End, cleanup: End) -> Outcome<Result<(), Error>> {
    let outcome = cancel_after(pendings, owned(log.clone(), body, cleanup)).await;
    log.push("dropped");
    outcome
}

fn expected(pendings: usize) -> Vec<String> {
    let mut events: Vec<_> = (0..pendings.min(3)).map(|step| format!("body {step}")).collect();
    events.extend(["body dropped", "clean 0", "clean 1", "clean 2", "dropped"].map(String::from));
    events
}

fn check(run: impl Fn(Log, usize)) {
    for pendings in 1..=4 {
        let log = Log::default();
        run(log.clone(), pendings);
        assert_eq!(log.events(), expected(pendings), "cancelled after {pendings} pendings");
    }
}

#[test]
fn on_cancellation_the_cleanup_ends_inside_the_drop_on_tokio_multi_thread() {
    let _turn = exclusive();
    let runtime = runtimes::multi_thread();
    check(|log, pendings| {
        let run = cancel_and_say(log, pendings, End::Succeeds, End::Succeeds);
        runtime.block_on(async { tokio::spawn(run).await.unwrap() });
    });
}

#[test]
fn on_cancellation_the_cleanup_ends_inside_the_drop_on_a_futures_executor() {
    let _turn = exclusive();
    check(|log, pendings| {
        futures::executor::block_on(cancel_and_say(log, pendings, End::Succeeds, End::Succeeds));
    });
}

#[test]
fn on_cancellation_the_cleanup_ends_inside_the_drop_by_hand() {
    let _turn = exclusive();
    check(|log, pendings| {
        support::hand::run(cancel_and_say(log, pendings, End::Succeeds, End::Succeeds));
    });
}

#[cfg(feature = "tokio")]
#[test]
fn a_worker_that_blocks_gives_its_tasks_and_timers_away() {
    #[finally({ tokio::time::sleep(std::time::Duration::from_millis(1)).await; tokio::spawn(suspend()).await.unwrap() }, on_cancel = block)]
    async fn f() {
        std::future::pending::<()>().await;
    }
    let _turn = exclusive();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let outcome = runtime.block_on(async { tokio::spawn(cancel_after(1, f())).await.unwrap() });
    assert_eq!(outcome, Outcome::Cancelled);
}

#[test]
fn a_failure_inside_the_drop_is_reported_and_does_not_panic() {
    let turn = exclusive();
    for (cleanup, kind) in
        [(End::Fails, FailureKind::CleanupFailed), (End::Panics, FailureKind::CleanupPanicked)]
    {
        support::hand::run(cancel_and_say(Log::default(), 1, End::Succeeds, cleanup));
        assert_eq!(turn.kinds(), [kind]);
        support::hand::run(cancel_and_say(Log::default(), 3, End::Fails, cleanup));
        assert_eq!(turn.kinds(), [kind, FailureKind::BodyFailed]);
    }
    assert_eq!(
        panic_of(|| support::hand::run(owned(Log::default(), End::Panics, End::Succeeds))),
        Panic("body")
    );
}

#[cfg(feature = "tokio")]
#[test]
fn where_blocking_would_deadlock_a_cleanup_that_borrows_is_reported_as_lost() {
    let turn = exclusive();
    let log = Log::default();
    runtimes::current_thread().block_on(cancel_and_say(log.clone(), 1, End::Succeeds, End::Succeeds));
    let failures = turn.failures();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].kind, FailureKind::Lost);
    assert!(failures[0].message.contains("deadlock"), "{failures:?}");
    assert_eq!(log.events(), ["body 0", "body dropped", "clean 0", "dropped"]);
}

#[test]
fn where_blocking_would_deadlock_a_cleanup_that_is_ready_at_once_is_not_lost() {
    #[finally({ log.push("clean"); std::future::ready(()).await }, on_cancel = block)]
    async fn f(log: &Log) {
        suspend().await;
        log.push("body");
    }
    let _turn = exclusive();
    let log = Log::default();
    let outcome = runtimes::current_thread().block_on(cancel_after(1, f(&log)));
    assert_eq!((outcome, log.events()), (Outcome::Cancelled, vec!["clean".to_owned()]));
}

#[cfg(feature = "tokio")]
#[test]
fn where_blocking_would_deadlock_a_cleanup_that_uses_no_argument_is_handed_off() {
    thread_local! {
        static LOG: Log = Log::default();
    }
    async fn clean() {
        suspend().await;
        LOG.with(|log| log.push("clean"));
    }
    #[finally(clean(), on_cancel = block)]
    async fn call() {
        suspend().await;
    }
    #[finally({ clean().await; }, on_cancel = block)]
    async fn awaited() {
        suspend().await;
    }
    async fn check(future: impl Future<Output = ()>) {
        let log = LOG.with(Log::clone);
        assert_eq!(cancel_after(1, future).await, Outcome::Cancelled);
        assert_eq!(finally::detached(), 1);
        assert!(log.events().is_empty());
        finally::drain().await;
        assert_eq!(log.take(), ["clean"]);
    }
    let _turn = exclusive();
    runtimes::current_thread().block_on(async {
        check(call()).await;
        check(awaited()).await;
    });
}

#[test]
fn inside_a_local_set_of_a_multi_thread_runtime_it_does_not_hang_either() {
    let turn = exclusive();
    let log = Log::default();
    let runtime = runtimes::multi_thread();
    tokio::task::LocalSet::new()
        .block_on(&runtime, cancel_and_say(log.clone(), 1, End::Succeeds, End::Succeeds));
    let kinds = turn.kinds();
    match kinds[..] {
        [] => assert_eq!(log.events(), expected(1)),
        [FailureKind::Lost] => assert_eq!(log.events().last().unwrap(), "dropped"),
        _ => panic!("{kinds:?}"),
    }
}

#[test]
fn what_was_adopted_ends_before_it_starts() {
    #[finally(steps(log.clone(), "inner", 1))]
    async fn inner(log: Log) {
        std::future::pending::<()>().await;
        let _uses = &log;
    }
    #[finally(steps(log.clone(), "outer", 1), on_cancel = block)]
    async fn around(log: Log) {
        inner(log.clone()).await;
    }
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(around(log.clone()));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.events(), ["inner 0", "inner 1", "outer 0", "outer 1"]);
}

#[test]
fn it_asks_neither_send_nor_static() {
    #[finally({ suspend().await; cell.set(cell.get() + 1) }, on_cancel = block)]
    async fn f(cell: &Rc<Cell<u8>>) {
        cell.set(1);
        suspend().await;
    }
    let _turn = exclusive();
    let cell = Rc::new(Cell::new(0));
    let mut future: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(f(&cell));
    assert!(Hand::new(&mut future).poll().is_pending());
    drop(future);
    assert_eq!(cell.get(), 2);
}

/// The cleanups hold a value that is not `Send`, and mention no argument.
#[test]
fn it_asks_no_send_of_an_async_block_either() {
    thread_local! {
        static LOG: Rc<Log> = Rc::default();
    }
    #[finally({ let log = LOG.with(Rc::clone); suspend().await; log.push("awaited"); }, on_cancel = block)]
    async fn awaited(number: u32) -> u32 {
        suspend().await;
        number
    }
    #[finally(async { let log = LOG.with(Rc::clone); suspend().await; log.push("block"); }, on_cancel = block)]
    fn block(number: u32) -> impl Future<Output = u32> {
        async move {
            suspend().await;
            number
        }
    }
    #[finally(|| async { let log = LOG.with(Rc::clone); suspend().await; log.push("closure"); }, on_cancel = block)]
    fn closure<'a>(number: &'a u32) -> Pin<Box<dyn Future<Output = u32> + 'a>> {
        Box::pin(async move {
            suspend().await;
            *number
        })
    }
    struct Method<T>(T);
    impl<T: Copy> Method<T> {
        #[finally(async || { let log = LOG.with(Rc::clone); suspend().await; log.push("method"); drop(log) }, on_cancel = block)]
        async fn call(&self) -> T {
            suspend().await;
            self.0
        }
    }
    let _turn = exclusive();
    cancel(awaited(1));
    cancel(block(1));
    cancel(closure(&1));
    cancel(Method(1).call());
    assert_eq!(LOG.with(|log| log.events()), ["awaited", "block", "closure", "method"]);
}

/// `T` is a parameter of the `impl` block, which the attribute does not see.
#[test]
fn an_async_block_may_name_a_parameter_of_the_impl_block() {
    thread_local! {
        static LOG: Log = Log::default();
    }
    trait Named {
        const NAME: &'static str;
    }
    impl Named for u8 {
        const NAME: &'static str = "u8";
    }
    struct Method<T>(T);
    impl<T: Named> Method<T> {
        #[finally({ suspend().await; LOG.with(|log| log.push(T::NAME)); }, on_cancel = block)]
        async fn call(&self) {
            let _ = &self.0;
            suspend().await;
        }
    }
    let _turn = exclusive();
    let method = Method(1_u8);
    cancel(method.call());
    assert_eq!(LOG.with(Log::events), ["u8"]);
}

/// A macro may name what its input does not.
#[test]
fn a_macro_in_an_async_block_may_name_the_type_of_the_impl_block() {
    thread_local! {
        static LOG: Log = Log::default();
    }
    macro_rules! name {
        () => {
            Self::NAME
        };
    }
    struct Method;
    impl Method {
        const NAME: &'static str = "method";

        #[finally({ suspend().await; LOG.with(|log| log.push(name!())); }, on_cancel = block)]
        async fn call(&self) {
            suspend().await;
        }
    }
    let _turn = exclusive();
    cancel(Method.call());
    assert_eq!(LOG.with(Log::events), ["method"]);
}

#[allow(unsafe_code, reason = "an unsafe function is the subject")]
#[test]
fn an_async_block_of_an_unsafe_function_may_call_another_one() {
    unsafe fn count(calls: &Cell<u8>) {
        calls.set(calls.get() + 1);
    }
    thread_local! {
        static CALLS: Cell<u8> = const { Cell::new(0) };
    }
    #[allow(unsafe_op_in_unsafe_fn, reason = "the call is to need the function around it")]
    #[finally({ suspend().await; CALLS.with(|calls| count(calls)); }, on_cancel = block)]
    async unsafe fn f() {
        suspend().await;
    }
    let _turn = exclusive();
    // SAFETY: nothing is asked.
    cancel(unsafe { f() });
    assert_eq!(CALLS.get(), 1);
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "a function with features is called from one without")]
#[test]
fn an_async_block_of_a_function_with_target_features_may_call_another_one() {
    #[target_feature(enable = "sse2")]
    fn count() {
        CALLS.set(CALLS.get() + 1);
    }
    thread_local! {
        static CALLS: Cell<u8> = const { Cell::new(0) };
    }
    #[finally({ suspend().await; count(); }, on_cancel = block)]
    #[target_feature(enable = "sse2")]
    async fn f() {
        suspend().await;
    }
    let _turn = exclusive();
    // SAFETY: each processor of this architecture has them.
    cancel(unsafe { f() });
    assert_eq!(CALLS.get(), 1);
}
