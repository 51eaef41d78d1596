//! What the types are: named, sized, `Send`, `Sync` and `Unpin` as their parts are.

use std::{cell::Cell, future::Ready, rc::Rc};

use finally::{Acquire, Awaited, Finally, FinallyExt, Guard, Scope, guard};

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

/// Whether a type implements a trait, told by which function method resolution finds.
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
    // Behind a function, because what a closure captures is not known yet in the function that makes it.
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
