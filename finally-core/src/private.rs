//! What expansions name. Nothing here is for people to call, and any of it may change with every release.

use core::{future::Future, panic::Location};

pub use alloc::boxed::Box;
pub use core::{convert::Infallible, option::Option, result::Result};

use crate::{
    block::{AtOnce, Leaving},
    body::Body,
    cleanup::{Accepts, Cleanup, CleanupValue},
    combinator::Concluded,
    fate::Fate,
    function::{self, Immediate, Resolved, ResolvesTo},
    guard::Guard,
    handoff::Adopted,
    settle::{Built, Detach, Ending, Rules, Settled, Skipping, Texts},
    unwind::catch,
};
pub use crate::{
    block::{
        End, Left, NoAwait, Or, RouteNothing, RouteResult, RouteValue, Types, describe as describe_end, run,
    },
    describe::{Describe, DescribeDebug, DescribeDisplay, DescribeName, DescribeNothing, Probe},
    opaque::describe as describe_opaque,
    outcome::Exit,
};

/// Runs a coroutine that ends in one of the `settle` functions. The form of a cleanup that uses the arguments.
pub const fn guard<C, E>(coroutine: C) -> Guard<C, E>
where
    C: Future<Output = E>,
    E: Ending,
{
    Guard::Running { coroutine, entered: false }
}

/// Runs a body, then a handler that ends in one of the `settle` functions. The form of a cleanup that uses no argument.
pub const fn finally<F, H, E>(body: F, handler: H) -> Guard<Concluded<F, H>, E>
where
    F: Future,
    H: FnOnce(Exit<F::Output>) -> E,
    E: Ending,
{
    Guard::Running { coroutine: Concluded::new(body, handler), entered: false }
}

/// The body inside a coroutine.
pub const fn body<F: Future>(future: F) -> Body<F> {
    Body::Running { future, adopted: Adopted::new() }
}

/// A block in place that may leave the function around, as what goes into [`body`] or [`run`].
pub const fn leaving<F: Future>(left: &Left, future: F) -> Leaving<'_, F> {
    Leaving::new(left, future)
}

/// The body of a function that is not async.
pub fn call<T>(body: impl FnOnce() -> T) -> Exit<T> {
    function::call(body)
}

/// Calls the part of a function that makes a future, where `return` ends that part alone.
pub fn make<T>(make: impl FnOnce() -> T) -> T {
    make()
}

/// The future that a function returns, checked where the function says what it resolves to.
pub fn future<T, F, M>(future: F) -> M::Future
where
    F: ResolvesTo<T, M>,
    M: Resolved<F>,
{
    M::resolved(future)
}

/// Evaluates a cleanup.
pub fn build<T, K, I, M, V>(exit: &Exit<T>, cleanup: impl FnOnce(Fate<'_, T>) -> K) -> Built<I, M, V>
where
    K: Cleanup<M, Value = V, Itself = I>,
{
    Built::new(catch(|| cleanup(exit.fate()).itself()))
}

/// Evaluates a cleanup in a closure that takes the arguments which the cleanup mentions, so that they are dropped right
/// after it. A panic of theirs counts as one of the body's drop.
#[track_caller]
pub fn build_and_drop<T, K, M, V>(
    exit: &mut Exit<T>,
    evaluate: impl FnOnce(Builder<'_, T, K, M, V>),
) -> Built<K, M, V> {
    // A closure's value is lost when a drop at its end panics (<https://github.com/rust-lang/rust/issues/47949>), so the
    // cleanup does not come out as that.
    let mut built = None;
    let evaluated = catch(|| evaluate(Builder { fate: exit.fate(), built: &mut built }));
    exit.add_drop_panic(evaluated, Location::caller());
    let Some(built) = built else { unreachable!("the closure evaluates the cleanup first of all") };
    built
}

/// Where [`build_and_drop`] gets its cleanup from.
pub struct Builder<'a, T, K, M, V> {
    fate: Fate<'a, T>,
    built: &'a mut Option<Built<K, M, V>>,
}

impl<T, K, M, V> Builder<'_, T, K, M, V> {
    pub fn build<H, C>(self, cleanup: H)
    where
        // What the compiler has to say about a cleanup that borrows what is dropped behind it ends in these lines.
        H: FnOnce(Fate<'_, T>) -> C, // own what it uses, as `.await` does, or choose `on_cancel = block` or `skip`
        C: Cleanup<M, Value = V, Itself = K>,
    {
        *self.built = Some(Built::new(catch(|| cleanup(self.fate).itself())));
    }
}

impl<T> Exit<T> {
    pub fn probe(&self) -> Probe<T> {
        Probe::default()
    }
}

impl<K, M, V: CleanupValue> Built<K, M, V> {
    pub fn probe(&self) -> V::Probe {
        V::Probe::default()
    }
}

/// `on_cancel = detach`: a cleanup that is awaited goes on elsewhere when its caller leaves.
#[track_caller]
pub fn settle<T, K, M, V>(
    exit: Exit<T>,
    cleanup: Built<K, M, V>,
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
) -> K::Ending
where
    // The compiler shows the line of the bound where a future is not `Send`, so it tells the way out.
    K: Detach<M, T> + Cleanup<M, Value = V>, // own what is `Send`, or choose `on_cancel = block` or `skip`
{
    K::settle(
        cleanup.started(),
        exit,
        Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() },
    )
}

/// `on_cancel = skip`, for a body that was not cancelled.
#[track_caller]
pub fn settle_or_skip<T, K, M, V>(
    exit: Exit<T>,
    cleanup: Built<K, M, V>,
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
) -> Skipping<T, K::Future>
where
    K: Cleanup<M, Value = V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    Skipping::new(
        cleanup.started(),
        exit,
        Rules::new(Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() }),
    )
}

/// `on_cancel = skip`, for a body that was cancelled.
#[track_caller]
pub fn skip<T>(exit: Exit<T>) -> Settled<T> {
    exit.settle_now(
        Ok(()),
        Rules::new(Texts { body: |_| None, cleanup: |()| None, location: Location::caller() }),
    )
}

/// The end of a function that is not async.
#[track_caller]
pub fn settle_sync<T, I, M, V>(
    exit: Exit<T>,
    cleanup: Built<I, M, V>,
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
) -> T
where
    M: Immediate<I, V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    crate::settle::deliver(exit.settle_now(
        cleanup.cleanup.map(M::value),
        Rules::new(Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() }),
    ))
}

/// The end of a block that does not await.
#[track_caller]
pub fn settle_at_once<T, I, M, V>(
    exit: Exit<T>,
    cleanup: Built<I, M, V>,
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
) -> T
where
    M: AtOnce<I, V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    settle_sync(exit, cleanup, describe_body, describe_cleanup)
}

#[cfg(feature = "std")]
pub use with_std::*;

#[cfg(feature = "std")]
mod with_std {
    use core::{future::Future, panic::Location};

    use crate::{
        cleanup::{Accepts, Cleanup, CleanupValue},
        describe::Describe,
        outcome::Exit,
        settle::{Blocking, Built, Detacher, Rules, Settle, Settling, Texts},
    };

    /// `on_cancel = block`: a cleanup that is awaited is driven to its end inside the drop of its caller.
    #[track_caller]
    pub fn settle_or_block<T, K, M, V>(
        exit: Exit<T>,
        cleanup: Built<K, M, V>,
        describe_body: Describe<T>,
        describe_cleanup: Describe<V>,
        detacher: Option<Detacher<K::Future>>,
    ) -> Settle<T, Blocking<K::Future>>
    where
        K: Cleanup<M, Value = V>,
        V: CleanupValue,
        T: Accepts<V>,
    {
        let texts = Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() };
        let cleanup = cleanup.started().map(|future| Blocking::new(future, detacher, &texts));
        Settle(Settling::new(cleanup, exit, Rules::new(texts)))
    }

    impl<K, M, V> Built<K, M, V>
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
        fn __finally_detacher(&self) -> Option<Detacher<Self::Future>>;
    }

    impl<F: Future + Send + 'static> DetachSend for &DetachProbe<F> {
        type Future = F;
        fn __finally_detacher(&self) -> Option<Detacher<F>> {
            Some(|task| task)
        }
    }

    pub trait DetachLocal {
        type Future: Future;
        fn __finally_detacher(&self) -> Option<Detacher<Self::Future>>;
    }

    impl<F: Future> DetachLocal for DetachProbe<F> {
        type Future = F;
        fn __finally_detacher(&self) -> Option<Detacher<F>> {
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
