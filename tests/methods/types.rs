//! The types can be named, are as large as expected, and are `Send`, `Sync` and `Unpin` if their parts are.

use std::{
    cell::Cell,
    future::Ready,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use finally::{Acquire, Finally, FinallyExt, Guard, Scope, guard, types::Awaited};

fn send<T: Send>(value: T) -> T {
    value
}

fn sync<T: Sync>(value: T) -> T {
    value
}

fn unpin<T: Unpin>(value: T) -> T {
    value
}

fn nothing() {}

/// Returns whether a type implements a trait, by the function that method resolution finds.
macro_rules! implements {
    ($value:expr, $bound:path) => {{
        struct Probe<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "one of the two is never found")]
        trait No {
            fn implements(&self) -> bool {
                false
            }
        }
        impl<T> No for Probe<T> {}
        #[allow(dead_code, reason = "one of the two is never found")]
        trait Yes {
            fn implements(&self) -> bool {
                true
            }
        }
        impl<T: $bound> Yes for &Probe<T> {}
        fn probe<T>(_: &T) -> Probe<T> {
            Probe(std::marker::PhantomData)
        }
        #[allow(clippy::needless_borrow)]
        (&&probe(&$value)).implements()
    }};
}

#[test]
fn a_method_is_send_sync_and_unpin_where_its_parts_are() {
    drop(send(sync(unpin(std::future::ready(1).finally(nothing)))));
    drop(send(unpin(std::future::ready(1).finally(|| std::future::ready(())))));
    drop(send(std::future::ready(1).finally_with(|fate| assert!(fate.is_returned()))));
}

#[test]
fn a_method_is_none_of_that_where_its_parts_are_not() {
    // This is a function of its own, because the captures of a closure are not known yet in the function that makes it.
    fn with_local_output() -> impl Future<Output = Rc<u8>> {
        std::future::ready(Rc::new(1)).finally(nothing)
    }
    fn with_local_handler(local: Rc<Cell<u8>>) -> impl Future<Output = u8> {
        std::future::ready(1).finally(move || local.set(1))
    }
    assert!(!implements!(with_local_output(), Send));
    assert!(!implements!(with_local_handler(Rc::default()), Send));
    assert!(!implements!(async {}.finally(nothing), Unpin));
    assert!(implements!(std::future::ready(1).finally(nothing), Send));
}

#[test]
fn an_output_that_is_not_send_leaves_a_sync_handlers_future_send() {
    drop(send(async { std::ptr::null::<u8>() }.finally(nothing)));
}

/// The compiler forgets which lifetimes inside a future are the same
/// (<https://github.com/rust-lang/rust/issues/110338>), so the type of a method must not depend on that.
#[test]
fn a_method_whose_output_borrows_is_send_inside_another_future() {
    struct Pool(u8);
    struct Lease<'a>(&'a u8);
    impl Pool {
        async fn nothing(&self) -> Lease<'_> {
            async { Lease(&self.0) }.finally(nothing).await
        }
        async fn awaits(&self) -> Lease<'_> {
            async { Lease(&self.0) }.finally(async || ()).await
        }
        async fn fate(&self) -> Lease<'_> {
            async { Lease(&self.0) }.finally_with(|fate| assert!(fate.is_returned())).await
        }
        async fn awaits_with_fate(&self) -> Lease<'_> {
            async { Lease(&self.0) }.finally_with(|_| std::future::ready(())).await
        }
    }
    let outer = send(async move {
        let pool = Pool(1);
        let all =
            [pool.nothing().await, pool.awaits().await, pool.fate().await, pool.awaits_with_fate().await];
        crate::support::suspend().await;
        all.iter().map(|lease| *lease.0).sum::<u8>()
    });
    assert_eq!(futures::executor::block_on(outer), 4);
}

#[test]
fn the_types_can_be_named() {
    type ByteGuard = Guard<u8, fn(u8)>;
    struct Holds {
        _in_place: Finally<Ready<u8>, fn()>,
        _awaited: Finally<Ready<u8>, fn() -> Ready<()>, Awaited>,
        _guard: ByteGuard,
        _acquire: Acquire<Ready<u8>, fn(u8), ByteGuard>,
        _scope: Scope<std::io::Error>,
    }
    drop(Holds {
        _in_place: std::future::ready(1).finally(nothing as fn()),
        _awaited: std::future::ready(1).finally((|| std::future::ready(())) as fn() -> Ready<()>),
        _guard: guard(1, (|_| {}) as fn(u8)),
        _acquire: finally::acquire(std::future::ready(1), (|_| {}) as fn(u8)),
        _scope: Scope::new(),
    });
}

/// As the crate `tower` has it.
trait Service<Request> {
    type Response;
    type Future: Future<Output = Self::Response>;

    fn call(&mut self, request: Request) -> Self::Future;
}

/// Counts the futures that are under way, however they end.
struct InFlight<S> {
    inner: S,
    count: Arc<AtomicUsize>,
}

struct CountDown(Arc<AtomicUsize>);

impl CountDown {
    fn count_down(self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl<S: Service<Request>, Request> Service<Request> for InFlight<S> {
    type Response = S::Response;
    type Future = Finally<S::Future, Box<dyn FnOnce() + Send>>;

    fn call(&mut self, request: Request) -> Self::Future {
        self.count.fetch_add(1, SeqCst);
        let count = CountDown(Arc::clone(&self.count));
        self.inner.call(request).finally(Box::new(|| count.count_down()))
    }
}

struct Echo;

impl Service<u8> for Echo {
    type Response = Result<u8, std::io::Error>;
    type Future = std::pin::Pin<Box<dyn Future<Output = Self::Response> + Send>>;

    fn call(&mut self, request: u8) -> Self::Future {
        Box::pin(async move {
            crate::support::suspend().await;
            Ok(request)
        })
    }
}

#[test]
fn a_service_can_name_its_future() {
    use crate::support::hand::Hand;

    let count = Arc::default();
    let mut service = InFlight { inner: InFlight { inner: Echo, count: Arc::clone(&count) }, count };
    let mut hand = Hand::new(send(unpin(service.call(1))));
    assert!(hand.poll().is_pending());
    assert_eq!(service.count.load(SeqCst), 2);
    assert_eq!(hand.run().unwrap(), 1);
    assert_eq!(service.count.load(SeqCst), 0);
    let mut hand = Hand::new(service.call(1));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(service.count.load(SeqCst), 0);
}

/// A function that is generic over the handler needs only the bound of the handler itself.
#[test]
fn a_wrapper_can_be_generic() {
    fn wrap<F: Future, H: FnOnce()>(future: F, handler: H) -> Finally<F, H> {
        future.finally(handler)
    }
    fn wrap_awaited<F, H, C>(future: F, handler: H) -> Finally<F, H, Awaited>
    where
        F: Future,
        H: FnOnce() -> C,
        C: Future<Output = ()> + Send + 'static,
    {
        future.finally(handler)
    }
    fn wrap_fallible<F, T, E, H>(future: F, handler: H) -> Finally<F, H>
    where
        F: Future<Output = Result<T, E>>,
        E: From<std::fmt::Error>,
        H: FnOnce() -> std::fmt::Result,
    {
        future.finally(handler)
    }
    fn guarded<T, H: FnOnce(T)>(value: T, handler: H) -> Guard<T, H> {
        guard(value, handler)
    }
    let whole = wrap_fallible(
        wrap_awaited(wrap(async { Ok::<u8, std::fmt::Error>(1) }, nothing), || std::future::ready(())),
        || Err(std::fmt::Error),
    );
    assert_eq!(crate::support::hand::Hand::new(whole).run(), Err(std::fmt::Error));
    assert_eq!(Guard::disarm(guarded(1, drop)), 1);
}

#[test]
fn guards_and_scopes_are_send_sync_and_unpin_where_their_parts_are() {
    drop(send(sync(unpin(guard(1, |_| {})))));
    assert!(!implements!(guard(Rc::new(1), |_| {}), Send));
    drop(send(guard(Cell::new(1), |_| {})));
    assert!(!implements!(guard(Cell::new(1), |_| {}), Sync));
    drop(send(Guard::release(guard(1, |_| {}))));
    drop(send(Guard::release(guard(1, |_| std::future::ready(())))));
    drop(send(unpin(finally::acquire(async { 1 }, |_| {}))));
    drop(send(unpin(finally::try_acquire(async { Ok::<u8, Rc<u8>>(1) }, |_| {}))));
    drop(send(unpin(Scope::<std::io::Error>::new())));
    drop(send(unpin(Scope::<std::io::Error>::new().close())));
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_is_send_sync_and_unpin_where_its_parts_are() {
    use finally::{FinallyStream, FinallyStreamExt as _};
    use futures::stream::{Empty, empty, iter, pending};

    let named: FinallyStream<Empty<u8>, fn()> = empty().finally(nothing as fn());
    drop(send(sync(unpin(named))));
    drop(send(unpin(iter([1]).finally(|| std::future::ready(())))));
    assert!(!implements!(pending::<Rc<u8>>().finally(nothing), Send));
}

#[test]
fn a_method_with_a_sync_handler_takes_at_most_24_bytes() {
    fn check<F: Future>(future: F, handler: impl FnOnce()) {
        let parts = size_of_val(&future) + size_of_val(&handler);
        let whole = size_of_val(&future.finally(handler));
        assert!(whole <= parts + 24, "{whole} for {parts}");
    }
    let (word, bytes) = (1_u64, [0_u8; 256]);
    check(std::future::ready(1_u8), nothing);
    check(std::future::ready(1_u64), move || assert_eq!(word, 1));
    check(async move { assert_eq!(bytes[0], 0) }, nothing);
    check(async move { crate::support::suspend().await }, move || assert_eq!(bytes[0], 0));
}

#[test]
fn debug_asks_nothing_of_the_parts() {
    struct NoDebug;
    let future = async { NoDebug }.finally(nothing);
    assert_eq!(format!("{future:?}"), "Finally(Body)");
    assert_eq!(format!("{:?}", guard(1, |_| {})), "Guard(1)");
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(nothing);
    assert_eq!(format!("{scope:?}"), "Scope { deferred: 1 }");
}

#[cfg(feature = "stream")]
#[test]
fn a_method_says_when_it_has_ended() {
    use futures::future::FusedFuture as _;

    let mut hand = Box::pin(async {}.finally(nothing));
    assert!(!hand.is_terminated());
    crate::support::hand::run(hand.as_mut());
    assert!(hand.is_terminated());
}
