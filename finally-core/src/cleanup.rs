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
    engine::{ending::Ending, exit::Exit, unwind::Payload, verdict::Texts},
    macros::describe::{NoFailure, Probe},
};

/// The value that a cleanup ends in.
pub trait CleanupValue: Sized {
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

/// A cleanup. The marker distinguishes the impls and is always inferred.
#[diagnostic::on_unimplemented(
    message = "a cleanup evaluates to `()`, to `Result<(), E>`, or to a future of one of them, not to `{Self}`",
    label = "this evaluates to `{Self}`",
    note = "to keep the error of a `Result`, write `(..).map(drop)`, or `(..).await.map(drop)` for a future",
    note = "to ignore any other value, write `{{ let _ = ..; }}`, or `{{ let _ = (..).await; }}` for a future"
)]
pub trait Cleanup<Marker>: Sized {
    /// Whether it has ended when it is evaluated, so that it waits for nothing.
    const IN_PLACE: bool = false;

    type Value: CleanupValue;
    type Future: Future<Output = Self::Value>;
    /// The value, or the future. A type of this trait, so that no further error follows if the trait is not implemented.
    type Work;

    /// Returns the value, or the future. A builder of a future is converted here, because that conversion is part of the cleanup.
    fn into_work(self) -> Self::Work;

    fn into_future(self) -> Self::Future;
}

/// Anything awaitable: a future, or a builder of one.
impl<F> Cleanup<Awaited> for F
where
    F: IntoFuture,
    F::Output: CleanupValue,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Work = F::IntoFuture;

    #[inline(always)]
    fn into_work(self) -> F::IntoFuture {
        IntoFuture::into_future(self)
    }

    fn into_future(self) -> F::IntoFuture {
        IntoFuture::into_future(self)
    }
}

/// A result that can take a cleanup's failure: anything where the cleanup cannot fail, else a `Result`.
#[diagnostic::on_unimplemented(
    message = "the cleanup evaluates to `{V}`, and a function that returns `{Self}` has no place for its error",
    label = "this can fail",
    note = "return a `Result` whose error implements `From` for the cleanup's error, or handle the error in the cleanup"
)]
pub trait Accepts<V>: Sized {
    /// The result of a body that succeeded whose cleanup failed, or nothing where the cleanup did not.
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

/// Names the type that a cleanup becomes, by its marker: its value, or a boxed future. After this conversion, code is
/// compiled per output and not per function.
pub trait DetachMode<I, V> {
    type Detached;
}

/// Names the ending of a function, by the marker of its cleanup.
///
/// The output is a parameter of the ending. So the type of a future that names the cleanup does not name the output, which
/// then need not outlive the future.
pub trait HasEnding<Marker>: Sized {
    type Ending<T>: Ending<Output = T>;
}

/// How a cleanup that may be detached ends a function whose output is `T`.
pub trait Strategy<Marker, T, V>: HasEnding<Marker> {
    fn settle(started: Result<Self, Payload>, exit: Exit<T>, texts: Texts<T, V>) -> Self::Ending<T>;
}
