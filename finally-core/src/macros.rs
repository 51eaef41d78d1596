//! The names in an expansion. Nothing here is for people to call, and any of it may change with every release.
//!
//! A function that would be compiled once more for each of the user's functions is `#[inline(always)]`, and so are its
//! callees: a debug build takes half a million instructions for every function that is left (`docs/compile-time.md`).
//!
//! | module | job |
//! |---|---|
//! | `evaluate` | calls a cleanup, once, and catches its panic |
//! | `describe`, `opaque` | the text of a failure, with and without a macro that sees its type |
//! | `block` | the body of `finally! { try { .. } .. }`, through which control flow passes |
//! | `function` | the body of a function that is not async |
//! | `deferred` | the cleanup of a function that tracks its caller |
//! | `returned` | whether what a function returns runs later than the function |

#![allow(missing_docs, reason = "but for `End`, named by expansions only")]

pub(crate) mod block;
pub(crate) mod deferred;
pub(crate) mod describe;
pub(crate) mod evaluate;
pub(crate) mod function;
pub(crate) mod opaque;
pub(crate) mod returned;

use core::panic::Location;

pub use alloc::boxed::Box;
pub use core::{
    convert::Infallible,
    future::{Future, IntoFuture},
    option::Option,
    pin::pin,
    result::Result,
};

#[cfg(feature = "std")]
pub use crate::macros::block::SharedSlot;
pub use crate::{
    cleanup::replace::{InlineOrReplacement, Interruptible},
    engine::{
        armed::{Never, armed, diverging},
        body::{Body, ByValue},
        combinator::{SharingNothing, WithoutArguments},
        driver::WithArguments,
        ending::AwaitedInCoroutine,
        exit::Exit,
    },
    macros::{
        block::{
            End, LeavingBody, Left, NoAwait, Or, RouteNothing, RouteResult, RouteValue, Slot, Types,
            describe as describe_end, run,
        },
        deferred::{deferred, here},
        describe::Describe,
        evaluate::{
            Builder, Evaluated, build, build_and_drop, build_detached, build_detached_static, build_owned,
            build_static, build_unless_cancelled, own,
            own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip,
        },
        opaque::describe as describe_opaque,
        returned::precedes,
    },
};
use crate::{
    cleanup::{
        Accepts, Cleanup, CleanupValue, Strategy,
        replace::{Interruption, Replacement, ReplacementEnding},
        skip::InlineEnding,
    },
    diagnostics::{AtOnce, Immediate, Resolved, ResolvesTo},
    engine::{
        ending::{Ending, Unboxed},
        verdict::{Rules, Texts, Verdict},
    },
};

/// Calls the body of a function that is not async.
#[inline(always)]
pub fn call<T>(body: impl FnOnce() -> T) -> Exit<T> {
    function::call(body)
}

/// Runs the finally section of a coroutine.
///
/// It is a closure, so that a debug build does not have its variables in the frame of the coroutine. A deep nest has that frame on
/// its stack once for each level.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn section<T, E>(exit: Exit<T>, section: impl FnOnce(Exit<T>) -> E) -> E {
    section(exit)
}

/// Runs the replacement of a cleanup that its caller has left. A closure for the same reason as in [`section`].
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn or_replace<T, E: Ending>(
    interrupted: Result<Verdict<T>, Interruption<T>>,
    replacement: impl FnOnce(Exit<T>) -> InlineOrReplacement<T, E>,
) -> InlineOrReplacement<T, E> {
    InlineOrReplacement::No(match interrupted {
        Ok(verdict) => verdict,
        Err(interruption) => interruption.replace(replacement),
    })
}

/// Calls the part of a function that makes a future, where `return` ends that part alone.
pub fn make<T>(make: impl FnOnce() -> T) -> T {
    make()
}

/// Returns the future of a function, and checks its output against the signature.
pub fn future<T, F, M>(future: F) -> M::Future
where
    F: ResolvesTo<T, M>,
    M: Resolved<F>,
{
    M::resolved(future)
}

/// Settles with `on_cancel = detach`: a cleanup that is awaited continues elsewhere when its caller leaves.
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub fn settle<T, D, M, V>(
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
    end: Evaluated<T, D, M, V>,
) -> D::Ending<T>
where
    D: Strategy<M, V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    let texts = Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() };
    D::settle(end.built, end.exit, Rules::new(texts))
}

/// Settles with `on_cancel = skip`, and in a coroutine with `on_cancel = (..)`: the cleanup is awaited, or there is none.
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub fn settle_or_skip<T, K, M, V>(
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
    end: Evaluated<T, Option<K>, M, V>,
) -> Unboxed<InlineEnding<T, K::Future>>
where
    K: Cleanup<M, Value = V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    Unboxed::new(skipping(describe_body, describe_cleanup, end))
}

#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
fn skipping<T, K, M, V>(
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
    end: Evaluated<T, Option<K>, M, V>,
) -> InlineEnding<T, K::Future>
where
    K: Cleanup<M, Value = V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    let texts = Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() };
    let (exit, started) = end.started_or_skipped();
    InlineEnding::new(started, exit, Rules::new(texts))
}

/// Settles with `on_cancel = (..)`, if nothing is borrowed from a coroutine: cleanup and replacement exist at the same time.
#[inline(always)]
#[track_caller]
pub fn end_or_replace<T, K, M, V, R, E>(
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
    end: Evaluated<T, Option<K>, M, V>,
    replacement: R,
) -> Unboxed<ReplacementEnding<T, K::Future, R>>
where
    K: Cleanup<M, Value = V>,
    V: CleanupValue,
    T: Accepts<V>,
    R: FnOnce(Exit<T>) -> InlineOrReplacement<T, E>,
    E: Ending,
{
    let cleanup = skipping(describe_body, describe_cleanup, end);
    Unboxed::new(ReplacementEnding::new(cleanup, Some(Replacement::of(replacement))))
}

/// Settles the replacement of a cleanup. Nobody receives a value, so failures of the replacement are reported.
#[track_caller]
pub fn settle_replacement<T, D, M, V>(
    describe_replacement: Describe<V>,
    end: Evaluated<T, D, M, V>,
) -> InlineOrReplacement<T, D::Ending<V>>
where
    D: Strategy<M, V>,
    V: CleanupValue,
{
    let texts =
        Texts { body: describe_replacement, cleanup: describe_replacement, location: Location::caller() };
    InlineOrReplacement::By(D::settle(end.built, end.exit.cancelled(), Rules::new(texts)))
}

/// Ends a function that is not async.
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub fn settle_sync<T, I, M, V>(
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
    end: Evaluated<T, I, M, V>,
) -> T
where
    M: Immediate<I, V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    let texts = Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() };
    end.exit.settle_now(end.built.map(M::value), Rules::new(texts)).deliver()
}

/// Ends a block that does not await.
#[track_caller]
pub fn settle_at_once<T, I, M, V>(
    describe_body: Describe<T>,
    describe_cleanup: Describe<V>,
    end: Evaluated<T, I, M, V>,
) -> T
where
    M: AtOnce<I, V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    settle_sync(describe_body, describe_cleanup, end)
}

#[cfg(feature = "std")]
pub use with_std::*;

#[cfg(feature = "std")]
mod with_std {
    use core::{future::Future, panic::Location};

    use crate::{
        cleanup::{
            Accepts, Cleanup, CleanupValue,
            block::{BlockingCleanup, Detacher},
            boxed::{BoxedEnding, Unawaited},
        },
        engine::{
            ending::Unboxed,
            verdict::{Rules, Texts},
        },
        macros::{describe::Describe, evaluate::Evaluated},
    };

    /// Settles with `on_cancel = block`: a cleanup that is awaited is driven to its end inside the drop of its caller.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[track_caller]
    pub fn settle_or_block<T, K, M, V>(
        describe_body: Describe<T>,
        describe_cleanup: Describe<V>,
        end: Evaluated<T, K, M, V>,
        detacher: Option<Detacher<K::Future>>,
    ) -> Unboxed<BoxedEnding<T, BlockingCleanup<K::Future>>>
    where
        K: Cleanup<M, Value = V>,
        V: CleanupValue,
        T: Accepts<V>,
    {
        Unboxed::new(end_or_block(describe_body, describe_cleanup, end, detacher).hold())
    }

    /// Like [`settle_or_block`], if no coroutine polls the body.
    #[inline(always)]
    #[track_caller]
    pub fn end_or_block<T, K, M, V>(
        describe_body: Describe<T>,
        describe_cleanup: Describe<V>,
        end: Evaluated<T, K, M, V>,
        detacher: Option<Detacher<K::Future>>,
    ) -> Unawaited<T, BlockingCleanup<K::Future>>
    where
        K: Cleanup<M, Value = V>,
        V: CleanupValue,
        T: Accepts<V>,
    {
        let texts = Texts { body: describe_body, cleanup: describe_cleanup, location: Location::caller() };
        let (exit, started) = end.started();
        let cleanup = started.map(|future| BlockingCleanup::new(future, detacher, &texts));
        Unawaited::new(cleanup, exit, Rules::new(texts))
    }

    impl<T, K, M, V> Evaluated<T, K, M, V>
    where
        K: Cleanup<M>,
        V: CleanupValue,
    {
        pub const fn detach_probe(&self) -> DetachProbe<K::Future> {
            DetachProbe(core::marker::PhantomData)
        }
    }

    /// Finds out whether a cleanup that uses no argument is `Send`, as the probe for the text of a failure does.
    pub struct DetachProbe<F>(core::marker::PhantomData<fn() -> F>);

    pub trait DetachSend {
        type Future: Future;
        fn __finally_detacher(&self) -> Option<Detacher<Self::Future>>;
    }

    // The compiler shows this line if a block of the user's is not `Send`, so it names the way out.
    impl<F: Future + Send + 'static> DetachSend for &DetachProbe<F> /* else `block_on_cancel(async { .. })` */ {
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

#[cfg(not(feature = "std"))]
pub use without_std::*;

/// The names in an expansion with `on_cancel = block`, so that the compiler reports one error.
#[cfg(not(feature = "std"))]
mod without_std {
    use core::{convert::Infallible, future::Future};

    use crate::{
        cleanup::{Cleanup, CleanupValue, skip::InlineEnding},
        engine::ending::Unboxed,
        macros::{describe::Describe, evaluate::Evaluated},
    };

    /// Implemented by no type.
    #[diagnostic::on_unimplemented(
        message = "`on_cancel = block` needs the feature `std`: without it a drop cannot wait",
        label = "a drop cannot wait for this cleanup",
        note = "turn the feature on, or choose `on_cancel = skip`, or `on_cancel = (..)` with a cleanup that does not await"
    )]
    pub trait Waits: Future + Sized {
        fn wait<E>() -> E;
    }

    pub fn settle_or_block<T, K, M, V>(
        _: Describe<T>,
        _: Describe<V>,
        _: Evaluated<T, K, M, V>,
        _: Option<Infallible>,
    ) -> Unboxed<InlineEnding<T, K::Future>>
    where
        K: Cleanup<M, Value = V, Future: Waits>,
        V: CleanupValue,
    {
        K::Future::wait()
    }

    pub fn end_or_block<T, K, M, V>(
        body: Describe<T>,
        cleanup: Describe<V>,
        end: Evaluated<T, K, M, V>,
        detacher: Option<Infallible>,
    ) -> Unboxed<InlineEnding<T, K::Future>>
    where
        K: Cleanup<M, Value = V, Future: Waits>,
        V: CleanupValue,
    {
        settle_or_block(body, cleanup, end, detacher)
    }

    impl<T, K, M, V: CleanupValue> Evaluated<T, K, M, V> {
        pub const fn detach_probe(&self) -> DetachProbe {
            DetachProbe
        }
    }

    pub struct DetachProbe;

    pub trait DetachSend {}

    pub trait DetachLocal {
        fn __finally_detacher(&self) -> Option<Infallible>;
    }

    impl DetachLocal for DetachProbe {
        fn __finally_detacher(&self) -> Option<Infallible> {
            None
        }
    }
}

/// Takes a value, in code that never runs: it makes a block that only borrows the value capture it.
pub fn take<T>(_: T) {}

/// Returns a value of any type, in code that never runs: it gives a block the type of its value.
pub const fn never<T>() -> T {
    panic!("this call is in a branch that is never taken")
}

/// Stops the compilation of a function whose head the macro could not read, and the compiler could.
pub const fn unreadable() {
    panic!("`finally` cannot read the head of this function, and would not clean up: write it in another way")
}

/// Stops the compilation of an expression with the attribute, which only a nightly compiler accepts.
pub const fn not_a_function() {
    panic!(
        "`finally` goes on a function, and would not clean up after an expression: use `finally::block::finally!`"
    )
}

/// Ends a cleanup that succeeds and that may fail with the error of the function.
pub const fn succeed<T: HasError>((): ()) -> Result<(), T::Error> {
    Ok(())
}

/// A `Result`.
pub trait HasError {
    type Error;
}

impl<T, E> HasError for Result<T, E> {
    type Error = E;
}

/// Requires that a type named `str` is that of the standard library.
pub const fn is_str<T: ?Sized + Str>() {}

#[diagnostic::on_unimplemented(
    message = "`finally` takes `str` for the type of the standard library, and would not clean up",
    label = "this is another type; write a path to it, as in `self::str`"
)]
pub trait Str {}

impl Str for str {}
