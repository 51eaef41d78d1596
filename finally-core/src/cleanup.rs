//! The kinds of cleanups: `()`, `Result<(), E>`, or a future of either. The type decides, not its name.

#[cfg(feature = "std")]
pub(crate) mod block;
#[cfg(feature = "std")]
pub(crate) mod boxed;
#[cfg(feature = "std")]
pub(crate) mod detach;
pub(crate) mod in_place;
pub(crate) mod replace;
pub(crate) mod skip;

use core::{
    convert::Infallible,
    future::{Future, IntoFuture},
};

pub use in_place::InPlace;

use crate::{
    engine::{ending::Ending, exit::Exit, unwind::Payload, verdict::Rules},
    macros::describe::{NoFailure, Probe},
};

/// The value that a cleanup ends in. As the output of a body, it has a place for its own error.
pub trait CleanupValue: Sized + Accepts<Self> {
    /// The probe for its text. By way of this trait, so that nothing is probed where the value is not known.
    type Probe: Default;
    /// Its error. `Infallible` if it cannot fail.
    type Failure;
}

impl CleanupValue for () {
    type Probe = NoFailure<Self>;
    type Failure = Infallible;
}

impl<E> CleanupValue for Result<(), E> {
    type Probe = Probe<Self>;
    type Failure = E;
}

/// The type of `panic!()` and `todo!()`, which a handler may well end in. It can be named as an output before it is stable
/// as a type (<https://github.com/rust-lang/rust/issues/35121>).
pub type Never = <fn() -> ! as Returns>::Output;

pub trait Returns {
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

impl CleanupValue for Never {
    type Probe = NoFailure<Self>;
    type Failure = Infallible;
}

/// Marks a cleanup that is awaited: the third parameter of a [`Finally`](crate::Finally), a [`Guard`](crate::Guard) or a
/// `FinallyStream` whose handler gives something to await.
///
/// ```
/// use std::future::{Ready, ready};
/// use finally::{Finally, FinallyExt, types::Awaited};
///
/// type Closing = Finally<Ready<u8>, fn() -> Ready<()>, Awaited>;
///
/// let closing: Closing = ready(1).finally(|| ready(()));
/// # drop(closing);
/// ```
pub enum Awaited {}

/// A cleanup: `()`, a `Result<(), E>`, a future of one of them, or a value of one of the `.._on_cancel` functions.
///
/// The methods, the guards and [`Scope::defer`](crate::Scope::defer) take a handler that evaluates to one. The marker
/// distinguishes the kinds and is always inferred. A function of your own that takes any of them is bounded by
/// [`AnyCleanup`](crate::types::AnyCleanup).
///
/// The trait is sealed.
#[diagnostic::on_unimplemented(
    message = "a cleanup evaluates to `()`, to `Result<(), E>`, or to a future of one of them, not to `{Self}`",
    label = "this evaluates to `{Self}`",
    note = "to keep the error of a `Result`, write `(..).map(drop)`, or `(..).await.map(drop)` for a future",
    note = "to ignore any other value, write `{{ let _ = ..; }}`, or `{{ let _ = (..).await; }}` for a future"
)]
pub trait Cleanup<Marker>: Sealed<Marker> + Sized {
    /// Whether it has ended when it is evaluated, so that it waits for nothing.
    #[doc(hidden)]
    const IN_PLACE: bool = false;

    /// The value that it ends in: `()` or a `Result<(), E>`.
    type Value: CleanupValue;
    #[doc(hidden)]
    type Future: Future<Output = Self::Value>;
    /// The value, or the future. A type of this trait, so that no further error follows if the trait is not implemented.
    #[doc(hidden)]
    type Work;
    /// The type that the work becomes when it may outlive its caller: the value, a boxed future, or the work itself. After
    /// this conversion, code is compiled per output and not per function.
    #[doc(hidden)]
    type Detached;

    /// Returns the value, or the future. A builder of a future is converted here, because that conversion is part of the cleanup.
    #[doc(hidden)]
    fn into_work(self) -> Self::Work;

    #[doc(hidden)]
    fn into_future(self) -> Self::Future;
}

/// Seals [`Cleanup`]: a crate that cannot name this trait cannot implement that one.
#[diagnostic::on_unimplemented(
    message = "`Cleanup` is sealed, so `{Self}` cannot implement it",
    label = "this type is no cleanup yet",
    note = "implement `IntoFuture` for it: a cleanup is anything that can be awaited"
)]
pub trait Sealed<Marker> {}

/// Anything awaitable: a future, or a builder of one.
impl<F> Cleanup<Awaited> for F
where
    F: IntoFuture,
    F::Output: CleanupValue,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Work = F::IntoFuture;
    #[cfg(feature = "std")]
    type Detached = detach::DetachedCleanup<F::Output>;
    #[cfg(not(feature = "std"))]
    type Detached = Infallible;

    #[inline(always)]
    fn into_work(self) -> F::IntoFuture {
        IntoFuture::into_future(self)
    }

    fn into_future(self) -> F::IntoFuture {
        IntoFuture::into_future(self)
    }
}

impl<F: IntoFuture<Output: CleanupValue>> Sealed<Awaited> for F {}

/// An output that has a place for the error of a cleanup whose value is `V`.
///
/// Every output has if `V` is `()`. If it is a `Result<(), E>`, the output is a `Result` whose error implements `From<E>`.
/// See [`AnyCleanup`](crate::types::AnyCleanup) for an example.
///
/// No other crate can implement it.
#[diagnostic::on_unimplemented(
    message = "the cleanup evaluates to `{V}`, and a function that returns `{Self}` has no place for its error",
    label = "this can fail",
    note = "return a `Result` whose error implements `From` for the cleanup's error, or handle the error in the cleanup"
)]
pub trait Accepts<V>: Sized {
    /// Returns the result of a body that succeeded and whose cleanup failed, or `None` if the cleanup succeeded.
    #[doc(hidden)]
    fn from_cleanup(value: V) -> Option<Self>;
}

impl<T> Accepts<()> for T {
    fn from_cleanup((): ()) -> Option<Self> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<T> Accepts<Never> for T {
    fn from_cleanup(value: Never) -> Option<Self> {
        value
    }
}

// So an error that does not convert is reported in the words above, too.
#[diagnostic::do_not_recommend]
impl<T, F, E> Accepts<Result<(), E>> for Result<T, F>
where
    F: From<E>,
{
    fn from_cleanup(value: Result<(), E>) -> Option<Self> {
        value.err().map(|error| Err(error.into()))
    }
}

/// Prepares a cleanup for the time after its caller has left.
///
/// `D` is a parameter, not an associated type: an associated type fails to project whenever the impl does not apply, and
/// rustc reports that as a second error.
#[cfg_attr(
    not(feature = "std"),
    diagnostic::on_unimplemented(
        message = "a cleanup that is awaited cannot be detached without the feature `std`",
        note = "turn the feature on, or choose `on_cancel = skip`"
    )
)]
pub trait Detach<Marker, D> {
    fn detached(self) -> D;
}

/// Names the ending of a function, by the marker of its cleanup.
///
/// The output is a parameter of the ending. So the type of a future that names the cleanup does not name the output, which
/// then need not outlive the future.
pub trait HasEnding<Marker>: Sized {
    type Ending<T>: Ending<Output = T>;
}

/// How a cleanup that may be detached ends a function.
pub trait Strategy<Marker, V>: HasEnding<Marker> {
    fn settle<T>(started: Result<Self, Payload>, exit: Exit<T>, rules: Rules<T, V>) -> Self::Ending<T>;
}
