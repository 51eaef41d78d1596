//! Traits that exist for the wording of an error. Skip this module on a first read.
//!
//! Most of them check a handler. Each check has an error of its own, which is reported once.
//!
//! A type that holds a handler has bounds on it, and the compiler checks a bound of a type wherever the type is named. A
//! handler that is refused would be reported again and again. So the methods take the marker of such a type from the checks
//! below. If one of them refuses the handler, there is no marker, and no further error.
//!
//! With a single impl rustc projects through it even if its bounds fail, which yields follow-up errors. A second,
//! never-satisfied impl prevents that.

use core::{convert::Infallible, future::Future};

use crate::{
    cleanup::{Accepts, Awaited, Cleanup, Detach, InPlace},
    methods::handler::Explain,
};

/// Marks the impl of a check that can be satisfied.
pub enum Possible {}

/// A cleanup's value whose failure can be reported.
#[diagnostic::on_unimplemented(
    message = "the error in `{Self}` cannot be shown",
    label = "this evaluates to `{Self}`",
    note = "implement `Debug` for it: a failure that no caller gets goes to the failure hook as text"
)]
pub trait Shown<Marker> {
    type Pass<Next>;
}

#[diagnostic::do_not_recommend]
impl<V: Explain> Shown<Possible> for V {
    type Pass<Next> = Next;
}

#[diagnostic::do_not_recommend]
impl<V: Impossible> Shown<Infallible> for V {
    type Pass<Next> = Next;
}

/// A cleanup's value whose failure has a place in the output of the body.
#[diagnostic::on_unimplemented(
    message = "the cleanup evaluates to `{Self}`, and an output that is `{T}` has no place for its error",
    label = "no place for the error of the cleanup",
    note = "end in a `Result` whose error implements `From` for the cleanup's error, or handle the error in the cleanup"
)]
pub trait HasPlaceIn<T, Marker> {
    type Pass<Next>;
}

#[diagnostic::do_not_recommend]
impl<V, T: Accepts<V>> HasPlaceIn<T, Possible> for V {
    type Pass<Next> = Next;
}

#[diagnostic::do_not_recommend]
impl<V: Impossible, T> HasPlaceIn<T, Infallible> for V {
    type Pass<Next> = Next;
}

/// A cleanup that can go on elsewhere when its caller leaves.
#[cfg_attr(
    feature = "std",
    diagnostic::on_unimplemented(
        message = "the cleanup `{Self}` cannot be sent between threads safely",
        label = "this cannot go on elsewhere when its caller leaves",
        note = "own what is `Send`, or return `block_on_cancel(..)` or `skip_on_cancel(..)`"
    )
)]
#[cfg_attr(
    not(feature = "std"),
    diagnostic::on_unimplemented(
        message = "a cleanup that is awaited cannot be detached without the feature `std`",
        note = "turn the feature on, or return `skip_on_cancel(..)`"
    )
)]
pub trait Leaves<M, Marker> {
    type Pass<Next>;
}

impl<C, M> Leaves<M, Possible> for C
where
    C: Cleanup<M>,
    C::Work: Detach<M, C::Detached>,
{
    type Pass<Next> = Next;
}

#[diagnostic::do_not_recommend]
impl<C: Impossible, M> Leaves<M, Infallible> for C {
    type Pass<Next> = Next;
}

/// A cleanup's marker that has passed all checks for one that follows a body whose output is `T`.
pub trait Admits<C, T, Markers> {
    type Marker;
}

impl<C, T, M, V, K1, K2, K3> Admits<C, T, (K1, K2, K3)> for M
where
    C: Cleanup<M, Value = V> + Leaves<M, K3>,
    V: Shown<K1> + HasPlaceIn<T, K2>,
{
    type Marker = <V as Shown<K1>>::Pass<<V as HasPlaceIn<T, K2>>::Pass<<C as Leaves<M, K3>>::Pass<M>>>;
}

/// How a cleanup has its value at once, which one that is awaited has not.
#[diagnostic::on_unimplemented(
    message = "a function that is not async cannot await its cleanup",
    label = "this evaluates to the future `{I}`",
    note = "make the function `async`, or the cleanup not; below an attribute that makes the function not async, as `#[tokio::main]` does, swap them"
)]
pub trait Immediate<I, V> {
    fn value(cleanup: I) -> V;
}

#[diagnostic::do_not_recommend]
impl<V> Immediate<V, V> for InPlace {
    fn value(cleanup: V) -> V {
        cleanup
    }
}

/// The value of the block of a function that returns `impl Future<Output = T>`.
///
/// If the check fails, its marker stays open, and so does the type of its result: no further error follows. For that the
/// compiler must have a choice of impls, so there is one that no type ever satisfies.
#[diagnostic::on_unimplemented(
    message = "expected a future that resolves to `{T}`, found `{Self}`",
    label = "the function returns a future of this"
)]
pub trait ResolvesTo<T, Marker> {}

#[diagnostic::do_not_recommend]
impl<F: Future<Output = T>, T> ResolvesTo<T, Awaited> for F {}

#[diagnostic::do_not_recommend]
impl<F: Impossible, T> ResolvesTo<T, Infallible> for F {}

/// Implemented by no type.
pub trait Impossible {}

/// The future itself, by way of the marker.
pub trait Resolved<F> {
    type Future;

    fn resolved(future: F) -> Self::Future;
}

impl<Marker, F> Resolved<F> for Marker {
    type Future = F;

    fn resolved(future: F) -> F {
        future
    }
}

/// A value of a block that a failure of its cleanup becomes.
#[diagnostic::on_unimplemented(
    message = "the cleanup fails with `{F}`, which does not convert into the error of the block's value, `{Self}`",
    label = "this can fail",
    note = "let the value be a `Result` whose error implements `From` for the cleanup's error, or handle the error in the cleanup"
)]
pub trait ValueOfFailure<F> {
    fn value_of(failure: F) -> Self;
}

#[diagnostic::do_not_recommend]
impl<F, T: Accepts<Result<(), F>>> ValueOfFailure<F> for T {
    fn value_of(failure: F) -> T {
        accepted(failure)
    }
}

/// A result of the function around a block that a failure of its cleanup becomes.
#[diagnostic::on_unimplemented(
    message = "the cleanup fails with `{F}`, and neither the block nor the function around, which returns `{Self}`, has a place for that",
    label = "this can fail",
    note = "let the block or the function end in a `Result` whose error implements `From` for the cleanup's error, or handle the \
            error in the cleanup"
)]
pub trait ResultOfFailure<F> {
    fn result_of(failure: F) -> Self;
}

#[diagnostic::do_not_recommend]
impl<F, R: Accepts<Result<(), F>>> ResultOfFailure<F> for R {
    fn result_of(failure: F) -> R {
        accepted(failure)
    }
}

/// How the cleanup of a block that does not await has its value at once.
#[diagnostic::on_unimplemented(
    message = "a block without `.await` cannot await its cleanup",
    label = "this evaluates to the future `{I}`",
    note = "await it where it stands: `finally {{ (..).await }}`"
)]
pub trait AtOnce<I, V>: Immediate<I, V> {}

#[diagnostic::do_not_recommend]
impl<M: Immediate<I, V>, I, V> AtOnce<I, V> for M {}

fn accepted<F, T: Accepts<Result<(), F>>>(failure: F) -> T {
    T::from_cleanup(Err(failure)).unwrap_or_else(|| unreachable!("an error becomes a result"))
}
