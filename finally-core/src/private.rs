//! What expansions name. Nothing here is for people to call, and any of it may change with every release.

use core::{future::Future, panic::Location};

pub use alloc::boxed::Box;
pub use core::{convert::Infallible, option::Option};

pub use crate::describe::{Describe, DescribeDebug, DescribeDisplay, DescribeName, DescribeNothing, Probe};
use crate::{
    body::Body,
    cleanup::{Accepts, Cleanup, CleanupValue},
    combinator::Concluded,
    fate::Fate,
    function::{self, SyncCleanup},
    guard::Guard,
    outcome::Exit,
    settle::{Built, Detach, Ending, Settled, Skipping, Texts, started},
    unwind::catch,
};

/// Runs a coroutine that ends in one of the `settle` functions. The form of a cleanup that uses the arguments.
pub const fn guard<C>(coroutine: C) -> Guard<C>
where
    C: Future,
    C::Output: Ending,
{
    Guard::new(coroutine)
}

/// Runs a body, then a handler that ends in one of the `settle` functions. The form of a cleanup that uses no argument.
pub const fn finally<F, H, E>(body: F, handler: H) -> Guard<Concluded<F, H>>
where
    F: Future,
    H: FnOnce(Exit<F::Output>) -> E,
    E: Ending,
{
    Guard::new(Concluded::new(body, handler))
}

/// The body inside a coroutine.
pub const fn body<F: Future>(future: F) -> Body<F> {
    Body::new(future)
}

/// The body of a function that is not async.
pub fn call<T>(body: impl FnOnce() -> T) -> Exit<T> {
    function::call(body)
}

/// Calls the part of a function that makes a future, where `return` ends that part alone.
pub fn make<T>(make: impl FnOnce() -> T) -> T {
    make()
}

/// Evaluates a cleanup.
pub fn build<T, K, M>(exit: &Exit<T>, cleanup: impl FnOnce(Fate<'_, T>) -> K) -> Built<K, M>
where
    K: Cleanup<M>,
{
    Built::new(|| cleanup(exit.fate()))
}

/// Evaluates a cleanup in a closure that takes the arguments which the cleanup mentions, so that they are dropped right
/// after it. A panic of theirs counts as one of the body's drop.
#[track_caller]
pub fn build_and_drop<T, K, M>(exit: &mut Exit<T>, evaluate: impl FnOnce(Builder<'_, T, K, M>)) -> Built<K, M>
where
    K: Cleanup<M>,
{
    // A closure's value is lost when a drop at its end panics (<https://github.com/rust-lang/rust/issues/47949>), so the
    // cleanup does not come out as that.
    let mut built = None;
    let evaluated = catch(|| evaluate(Builder { fate: exit.fate(), built: &mut built }));
    if let Err(payload) = evaluated {
        exit.add_drop_panic(payload, Location::caller());
    }
    built.unwrap_or_else(|| unreachable!("the closure evaluates the cleanup first of all"))
}

/// Where [`build_and_drop`] gets its cleanup from.
pub struct Builder<'a, T, K, M> {
    fate: Fate<'a, T>,
    built: &'a mut Option<Built<K, M>>,
}

impl<T, K, M> Builder<'_, T, K, M>
where
    K: Cleanup<M>,
{
    pub fn build(self, cleanup: impl FnOnce(Fate<'_, T>) -> K) {
        *self.built = Some(Built::new(|| cleanup(self.fate)));
    }
}

/// Evaluates the cleanup of a function that is not async.
pub fn build_sync<T, V>(exit: &Exit<T>, cleanup: impl FnOnce(Fate<'_, T>) -> V) -> Built<V, ()>
where
    V: SyncCleanup,
{
    Built::new(|| cleanup(exit.fate()))
}

impl<T> Exit<T> {
    pub const fn probe(&self) -> Probe<T> {
        Probe::NEW
    }
}

impl<K, M> Built<K, M>
where
    K: Cleanup<M>,
{
    pub const fn probe(&self) -> Probe<K::Value> {
        Probe::NEW
    }
}

impl<V> Built<V, ()> {
    pub const fn probe_sync(&self) -> Probe<V> {
        Probe::NEW
    }
}

/// `on_cancel = detach`: a cleanup that is awaited goes on elsewhere when its caller leaves.
#[track_caller]
pub fn settle<T, K, M>(
    exit: Exit<T>,
    cleanup: Built<K, M>,
    describe_body: Describe<T>,
    describe_cleanup: Describe<K::Value>,
) -> K::Ending
where
    K: Cleanup<M> + Detach<M, T>,
{
    K::settle(
        cleanup.cleanup,
        exit,
        Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() },
    )
}

/// `on_cancel = skip`, for a body that was not cancelled.
#[track_caller]
pub fn settle_or_skip<T, K, M>(
    exit: Exit<T>,
    cleanup: Built<K, M>,
    describe_body: Describe<T>,
    describe_cleanup: Describe<K::Value>,
) -> Skipping<T, K::Future>
where
    K: Cleanup<M>,
    T: Accepts<K::Value>,
{
    Skipping::new(
        started(cleanup.cleanup),
        exit,
        Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() },
    )
}

/// `on_cancel = skip`, for a body that was cancelled.
#[track_caller]
pub fn skip<T>(exit: Exit<T>) -> Settled<T> {
    exit.settle_now(Ok(()), Texts { body: |_| None, cleanup: |()| None, location: Location::caller() })
}

/// The end of a function that is not async.
#[track_caller]
pub fn settle_sync<T, V>(
    exit: Exit<T>,
    cleanup: Built<V, ()>,
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
) -> T
where
    V: CleanupValue,
    T: Accepts<V>,
{
    crate::settle::deliver(exit.settle_now(
        cleanup.cleanup,
        Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() },
    ))
}

#[cfg(feature = "std")]
pub use with_std::*;

#[cfg(feature = "std")]
mod with_std {
    use core::{future::Future, panic::Location};

    use crate::{
        cleanup::{Accepts, Cleanup},
        describe::Describe,
        outcome::Exit,
        settle::{Built, Detacher, OnLeave, Settle, Settling, Texts, started},
    };

    /// `on_cancel = block`: a cleanup that is awaited is driven to its end inside the drop of its caller.
    #[track_caller]
    pub fn settle_or_block<T, K, M>(
        exit: Exit<T>,
        cleanup: Built<K, M>,
        describe_body: Describe<T>,
        describe_cleanup: Describe<K::Value>,
        detacher: Option<Detacher<K::Future>>,
    ) -> Settle<T, K::Future>
    where
        K: Cleanup<M>,
        T: Accepts<K::Value>,
    {
        Settle(Settling::new(
            started(cleanup.cleanup),
            exit,
            Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() },
            OnLeave::Block(detacher),
        ))
    }

    impl<K, M> Built<K, M>
    where
        K: Cleanup<M>,
    {
        pub const fn detach_probe(&self) -> DetachProbe<K::Future> {
            DetachProbe(core::marker::PhantomData)
        }
    }

    /// Finds out whether a cleanup that uses no argument is `Send`, as [`Probe`](crate::describe::Probe) does.
    pub struct DetachProbe<F>(core::marker::PhantomData<fn() -> F>);

    pub trait DetachSend {
        type Future: Future;
        fn detacher(&self) -> Option<Detacher<Self::Future>>;
    }

    impl<F: Future + Send + 'static> DetachSend for &DetachProbe<F> {
        type Future = F;
        fn detacher(&self) -> Option<Detacher<F>> {
            Some(|task| task)
        }
    }

    pub trait DetachLocal {
        type Future: Future;
        fn detacher(&self) -> Option<Detacher<Self::Future>>;
    }

    impl<F: Future> DetachLocal for DetachProbe<F> {
        type Future = F;
        fn detacher(&self) -> Option<Detacher<F>> {
            None
        }
    }
}

/// Takes a value, in code that never runs: it makes a block that only borrows the value capture it.
pub fn take<T>(_: T) {}

/// A value of any type, in code that never runs: it tells a block the type of its value.
pub const fn never<T>() -> T {
    panic!("this call is in a branch that is never taken")
}
