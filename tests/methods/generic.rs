//! Functions that are generic over the kind of a cleanup.

use std::future::IntoFuture;

use finally::{
    Fate, Finally, FinallyExt, Guard, Scope, block_on_cancel, finally, guard, replace_on_cancel,
    skip_on_cancel,
    types::{Accepts, AnyCleanup, Cleanup, ScopeStrategy},
};

use crate::support::{Error, Log, exclusive, hand::Hand, steps, suspend};

/// Wraps the handler: the log shows that the wrapper is called, and when.
fn logged<F, H, C, M>(log: &Log, future: F, handler: H) -> impl Future<Output = F::Output>
where
    F: IntoFuture<Output: Accepts<C::Value>>,
    H: FnOnce() -> C,
    C: AnyCleanup<M>,
{
    future.finally(move || {
        log.push("wrapper");
        handler()
    })
}

#[test]
fn a_function_takes_a_sync_a_fallible_and_an_awaited_cleanup() {
    let log = Log::default();
    Hand::new(async {
        assert_eq!(logged(&log, async { 1 }, || log.push("sync")).await, 1);
        let output = logged(&log, async { Ok(2) }, || Err(Error("fallible"))).await;
        assert_eq!(output, Err::<u8, _>(Error("fallible")));
        let output = logged(&log, async { Ok(3) }, async || Err(Error("awaited and fallible"))).await;
        assert_eq!(output, Err::<u8, _>(Error("awaited and fallible")));
        logged(&log, async {}, || steps(log.clone(), "awaited", 1)).await;
    })
    .run();
    assert_eq!(log.events(), ["wrapper", "sync", "wrapper", "wrapper", "wrapper", "awaited 0", "awaited 1"]);
}

#[test]
fn a_function_takes_the_cleanups_that_borrow() {
    let log = Log::default();
    let clean = |name| steps(log.clone(), name, 0);
    Hand::new(async {
        logged(&log, async {}, || block_on_cancel(clean("block"))).await;
        logged(&log, async {}, || skip_on_cancel(clean("skip"))).await;
        logged(&log, async {}, || replace_on_cancel(clean("replace"), || log.push("not reached"))).await;
    })
    .run();
    assert_eq!(log.events(), ["wrapper", "block 0", "wrapper", "skip 0", "wrapper", "replace 0"]);
}

#[test]
fn p5_an_awaited_cleanup_of_a_generic_function_is_handed_off() {
    let _turn = exclusive();
    let log = Log::default();
    let mut hand = Hand::new(logged(&log, suspend(), || steps(log.clone(), "clean", 1)));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(log.events(), ["wrapper", "clean 0", "clean 1"]);
}

#[test]
fn a_cleanup_that_cannot_fail_follows_any_output() {
    fn any_output<F, H, C, M>(future: F, handler: H) -> Finally<F::IntoFuture, H, M>
    where
        F: IntoFuture,
        H: FnOnce() -> C,
        C: AnyCleanup<M, Value = ()>,
    {
        future.finally(handler)
    }
    let log = Log::default();
    assert_eq!(Hand::new(any_output(async { "text" }, || log.push("sync"))).run(), "text");
    assert_eq!(Hand::new(any_output(async { 1 }, || steps(log.clone(), "awaited", 0))).run(), 1);
    assert_eq!(log.events(), ["sync", "awaited 0"]);
}

#[test]
fn a_generic_cleanup_may_look_at_the_fate() {
    fn observed<F, H, C, M>(future: F, handler: H) -> impl Future<Output = F::Output>
    where
        F: IntoFuture<Output: Accepts<C::Value>>,
        H: FnOnce(Fate<'_, F::Output>) -> C,
        C: AnyCleanup<M>,
    {
        future.finally_with(handler)
    }
    let log = Log::default();
    let handler = |fate: Fate<'_, u8>| match fate {
        Fate::Returned(value) => log.push(format!("returned {value}")),
        _ => log.push("not reached"),
    };
    assert_eq!(Hand::new(observed(async { 1 }, handler)).run(), 1);
    assert_eq!(log.events(), ["returned 1"]);
}

/// The bound on the output is for the error of `handler`. The other two are not mistaken for cleanups with that error.
#[test]
fn a_generic_function_may_add_cleanups_of_its_own() {
    fn three<F, H, C, M>(log: &Log, future: F, handler: H) -> impl Future<Output = F::Output>
    where
        F: IntoFuture<Output: Accepts<C::Value>>,
        H: FnOnce() -> C,
        C: AnyCleanup<M>,
    {
        let awaited = log.clone();
        future.finally(|| log.push("before")).finally(handler).finally(|| steps(awaited, "after", 0))
    }
    let log = Log::default();
    let output = Hand::new(three(&log, async { Ok(()) }, || Err(Error("handler")))).run();
    assert_eq!(
        (output, log.events()),
        (Err(Error("handler")), vec!["before".to_owned(), "after 0".to_owned()])
    );
}

#[test]
fn a_generic_guard_returns_the_value_of_its_cleanup() {
    async fn guarded<T, H, C, M>(value: T, handler: H) -> C::Value
    where
        H: FnOnce(T) -> C,
        C: AnyCleanup<M>,
    {
        Guard::release(guard(value, handler)).await
    }
    let log = Log::default();
    Hand::new(guarded("sync", |name| log.push(name))).run();
    assert_eq!(Hand::new(guarded("failure", async |name| Err::<(), _>(name))).run(), Err("failure"));
    assert_eq!(log.events(), ["sync"]);
}

#[test]
fn a_scope_takes_a_generic_cleanup() {
    fn defer<E, H, C, M>(scope: &mut Scope<E>, log: &Log, handler: H)
    where
        H: FnOnce() -> C + Send + 'static,
        C: Cleanup<M>,
        M: ScopeStrategy<C, E>,
    {
        let log = log.clone();
        scope.defer(move || {
            log.push("wrapper");
            handler()
        });
    }
    let _turn = exclusive();
    let log = Log::default();
    let mut scope = Scope::<Error>::new();
    defer(&mut scope, &log, || Err(Error("sync")));
    let awaited = log.clone();
    defer(&mut scope, &log, || steps(awaited, "awaited", 0));
    assert_eq!(Hand::new(scope.close()).run(), Err(Error("sync")));
    assert_eq!(log.events(), ["wrapper", "awaited 0", "wrapper"]);
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_takes_a_generic_cleanup() {
    use finally::FinallyStreamExt;
    use futures::{Stream, StreamExt as _, stream};

    fn numbers<H, C, M>(handler: H) -> impl Stream<Item = u8>
    where
        H: FnOnce() -> C,
        C: AnyCleanup<M, Value = ()>,
    {
        FinallyStreamExt::finally(stream::iter([1, 2]), handler)
    }
    let log = Log::default();
    assert_eq!(Hand::new(numbers(|| log.push("sync")).count()).run(), 2);
    assert_eq!(Hand::new(numbers(|| steps(log.clone(), "awaited", 0)).count()).run(), 2);
    assert_eq!(log.events(), ["sync", "awaited 0"]);
}

#[test]
fn an_attribute_takes_a_generic_cleanup() {
    #[finally(handler())]
    async fn attributed<H, C, M>(handler: H) -> u8
    where
        H: FnOnce() -> C,
        C: AnyCleanup<M, Value = ()>,
    {
        suspend().await;
        1
    }
    let log = Log::default();
    assert_eq!(Hand::new(attributed(|| log.push("sync"))).run(), 1);
    assert_eq!(Hand::new(attributed(|| steps(log.clone(), "awaited", 0))).run(), 1);
    assert_eq!(log.events(), ["sync", "awaited 0"]);
}
