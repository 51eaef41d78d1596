//! P3: on a value and on a panic the cleanup is awaited in the same task before the result is delivered, and the panic's
//! payload is resumed unchanged.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use finally::{Fate, finally};

use crate::{
    WHOLE, subject,
    support::{
        End, Error, Log, Panic, exclusive,
        hand::Hand,
        outcome::{Outcome, observe},
        runtimes, suspend,
    },
};

on_every_runtime! {
    p3_the_cleanup_ends_before_the_result_is_delivered(runtime) {
        let _turn = exclusive();
        for (body, outcome) in [
            (End::Succeeds, Outcome::Returned(Ok(()))),
            (End::Fails, Outcome::Returned(Err(Error("body")))),
            (End::Panics, Outcome::Panicked(Panic("body"))),
        ] {
            let log = Log::default();
            let seen = log.clone();
            let outcome_of_run = runtime.run(async move {
                let outcome = observe(subject(seen.clone(), body, End::Succeeds)).await;
                seen.push("delivered");
                outcome
            });
            assert_eq!(outcome_of_run, outcome);
            assert_eq!(log.events(), WHOLE.into_iter().chain(["delivered"]).collect::<Vec<_>>());
        }
    }

    p3_nothing_is_handed_off_where_the_caller_waits(runtime) {
        #[finally(at_exit())]
        async fn f() {
            suspend().await;
        }
        async fn at_exit() {
            suspend().await;
            assert_eq!(finally::detached(), 0);
        }
        let _turn = exclusive();
        runtime.run(f());
    }
}

#[test]
fn p3_the_cleanup_runs_in_the_task_of_the_body() {
    #[finally(|fate| { let fate = fate.is_returned(); async move { at_exit(fate).await } })]
    async fn f(panics: bool) -> tokio::task::Id {
        suspend().await;
        if panics {
            std::panic::panic_any(tokio::task::id());
        }
        tokio::task::id()
    }
    async fn at_exit(_: bool) {
        suspend().await;
        SEEN.with(|seen| seen.set(Some(tokio::task::id())));
    }
    thread_local! {
        static SEEN: std::cell::Cell<Option<tokio::task::Id>> = const { std::cell::Cell::new(None) };
    }
    let _turn = exclusive();
    runtimes::current_thread().block_on(async {
        let id = tokio::spawn(f(false)).await.unwrap();
        assert_eq!(SEEN.with(std::cell::Cell::take), Some(id));
        let panic = tokio::spawn(f(true)).await.unwrap_err().into_panic();
        assert_eq!(SEEN.with(std::cell::Cell::take), panic.downcast_ref().copied());
    });
}

#[test]
fn p3_the_panic_payload_is_the_very_same() {
    #[finally(suspend())]
    async fn f(payload: Arc<u8>) {
        suspend().await;
        std::panic::panic_any(payload);
    }
    #[finally(drop(String::new()))]
    fn g(payload: Arc<u8>) {
        std::panic::panic_any(payload);
    }
    let _turn = exclusive();
    let payload = Arc::new(1);
    let panic = catch_unwind(AssertUnwindSafe(|| Hand::new(f(payload.clone())).run())).unwrap_err();
    assert!(Arc::ptr_eq(panic.downcast_ref::<Arc<u8>>().unwrap(), &payload));
    let panic = catch_unwind(AssertUnwindSafe(|| g(payload.clone()))).unwrap_err();
    assert!(Arc::ptr_eq(panic.downcast_ref::<Arc<u8>>().unwrap(), &payload));
}

#[test]
fn p3_the_cleanup_sees_the_fate() {
    #[finally(|fate| log.push(match fate {
        Fate::Returned(Ok(value)) => format!("returned {value}"),
        Fate::Returned(Err(error)) => format!("failed {error}"),
        Fate::Panicked(payload) => format!("panicked {}", payload.downcast_ref::<Panic>().unwrap().0),
        Fate::Cancelled => "cancelled".to_owned(),
    }))]
    async fn f(log: Log, end: End) -> Result<u8, Error> {
        suspend().await;
        end.reach("body").map(|()| 1)
    }
    let log = Log::default();
    for (end, seen) in
        [(End::Succeeds, "returned 1"), (End::Fails, "failed body"), (End::Panics, "panicked body")]
    {
        Hand::new(observe(f(log.clone(), end))).run();
        assert_eq!(log.take(), [seen]);
    }
    let mut hand = Hand::new(f(log.clone(), End::Succeeds));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.take(), ["cancelled"]);
}

/// As a transaction does, it looks when it is dropped whether a panic drops it.
struct Transaction(Log);

impl Transaction {
    fn clean(&self) {
        self.0.push("clean");
    }

    async fn clean_later(&self) {
        suspend().await;
        self.clean();
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.0.push(if std::thread::panicking() { "rolled back" } else { "committed" });
    }
}

fn sees_the_panic<F: Future<Output = Result<(), Error>>>(work: impl Fn(Transaction, End) -> F) {
    for (end, ended, outcome) in [
        (End::Succeeds, "committed", Outcome::Returned(Ok(()))),
        (End::Fails, "committed", Outcome::Returned(Err(Error("body")))),
        (End::Panics, "rolled back", Outcome::Panicked(Panic("body"))),
    ] {
        let log = Log::default();
        assert_eq!(Hand::new(observe(work(Transaction(log.clone()), end))).run(), outcome);
        assert_eq!(log.events(), ["clean", ended]);
    }
}

#[test]
fn p3_an_argument_that_the_cleanup_mentions_sees_the_panic() {
    type Done = Result<(), Error>;

    #[finally(it.clean())]
    fn plain(it: Transaction, end: End) -> Done {
        end.reach("body")
    }
    #[finally(it.clean())]
    async fn in_place(it: Transaction, end: End) -> Done {
        end.reach("body")
    }
    #[finally(|_| it.clean())]
    async fn by_a_closure(it: Transaction, end: End) -> Done {
        end.reach("body")
    }
    #[finally(it.clean())]
    async fn a_part((it, _): (Transaction, u8), end: End) -> Done {
        end.reach("body")
    }
    #[finally({ it.clean(); suspend() })]
    async fn before_an_await(it: Transaction, end: End) -> Done {
        end.reach("body")
    }
    #[finally(it.clean(), on_cancel = skip)]
    async fn borrowed(it: Transaction, end: End) -> Done {
        end.reach("body")
    }
    #[finally(it.clean_later().await, on_cancel = skip)]
    async fn awaited(it: Transaction, end: End) -> Done {
        end.reach("body")
    }
    #[finally(it.clean_later().await, on_cancel = block)]
    async fn awaited_if_need_be_by_a_thread(it: Transaction, end: End) -> Done {
        end.reach("body")
    }

    sees_the_panic(async |it, end| plain(it, end));
    sees_the_panic(in_place);
    sees_the_panic(by_a_closure);
    sees_the_panic(|it, end| a_part((it, 0), end));
    sees_the_panic(before_an_await);
    sees_the_panic(borrowed);
    sees_the_panic(awaited);
    sees_the_panic(awaited_if_need_be_by_a_thread);
}

/// Locks and transactions that the cleanup makes for itself end well.
#[test]
fn p3_what_the_cleanup_makes_sees_no_panic() {
    #[finally(Transaction(log.clone()).clean())]
    async fn work(log: Log) -> Result<(), Error> {
        End::Panics.reach("body")
    }
    let log = Log::default();
    assert_eq!(Hand::new(observe(work(log.clone()))).run(), Outcome::Panicked(Panic("body")));
    assert_eq!(log.events(), ["clean", "committed"]);
}
