//! What a handler may be refused for, each told once and in its own words.
//!
//! A type that holds a handler is bounded by what it does with it, and a bound of a type is checked wherever the type is
//! named: a handler that is refused would be so again and again. So the methods take the marker of such a type from the
//! checks below, and where one of them refuses the handler there is no marker and nothing to say about it.
//!
//! Each check has two impls, one of which no type ever satisfies. Of one impl alone the compiler would take the type it gives
//! for granted, satisfied or not.

use core::convert::Infallible;

use crate::{
    cleanup::{Accepts, Cleanup},
    function::Impossible,
    handler::Explain,
    settle::{Detach, Detaches},
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
    M: Detaches<C::Itself, C::Value>,
    C::Itself: Detach<M, M::Detached>,
{
    type Pass<Next> = Next;
}

#[diagnostic::do_not_recommend]
impl<C: Impossible, M> Leaves<M, Infallible> for C {
    type Pass<Next> = Next;
}

/// A cleanup's marker that has passed all checks for one that follows a body whose output is `T`.
pub trait Admits<C, T, Markers> {
    type Itself;
}

impl<C, T, M, V, K1, K2, K3> Admits<C, T, (K1, K2, K3)> for M
where
    C: Cleanup<M, Value = V> + Leaves<M, K3>,
    V: Shown<K1> + HasPlaceIn<T, K2>,
{
    type Itself = <V as Shown<K1>>::Pass<<V as HasPlaceIn<T, K2>>::Pass<<C as Leaves<M, K3>>::Pass<M>>>;
}
