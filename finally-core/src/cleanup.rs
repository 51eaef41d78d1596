//! What a cleanup may be: `()`, `Result<(), E>`, or a future of either. Types decide, never names.

use core::{
    convert::Infallible,
    future::{Future, IntoFuture, Ready, ready},
};

use crate::describe::{NoFailure, Probe};

/// What a cleanup ends in.
pub trait CleanupValue: Sized {
    /// The probe for its text. By way of this trait, so that nothing is probed where the value is not known.
    type Probe: Default;
    /// What it fails with. Nothing where it cannot fail.
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
pub(crate) type Never = <fn() -> ! as Returns>::Output;

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

/// Marks a cleanup that is evaluated in place: the third parameter of a [`Finally`](crate::Finally), a
/// [`Guard`](crate::Guard) or a `FinallyStream` whose handler gives `()` or a `Result<(), E>`. It is the default there.
pub enum InPlace {}

/// Marks a cleanup that is awaited: the third parameter of a [`Finally`](crate::Finally), a [`Guard`](crate::Guard) or a
/// `FinallyStream` whose handler gives something to await.
///
/// ```
/// use std::future::{Ready, ready};
/// use finally::{Awaited, Finally, FinallyExt};
///
/// type Closing = Finally<Ready<u8>, fn() -> Ready<()>, Awaited>;
///
/// let closing: Closing = ready(1).finally(|| ready(()));
/// # drop(closing);
/// ```
pub enum Awaited {}

/// What a cleanup may evaluate to. The marker keeps the two impls apart and is always inferred.
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
    /// The value, or the future, by way of this trait: what is no cleanup has none, and no further error follows from it.
    type Itself;

    /// What is left to do. A builder of a future is turned into that: making it is running the cleanup, too.
    fn itself(self) -> Self::Itself;

    fn into_future(self) -> Self::Future;
}

impl<V: CleanupValue> Cleanup<InPlace> for V {
    const IN_PLACE: bool = true;

    type Value = V;
    type Future = Ready<V>;
    type Itself = V;

    fn itself(self) -> V {
        self
    }

    fn into_future(self) -> Ready<V> {
        ready(self)
    }
}

/// Whatever can be awaited: a future, or a builder of one.
impl<F> Cleanup<Awaited> for F
where
    F: IntoFuture,
    F::Output: CleanupValue,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Itself = F::IntoFuture;

    #[inline(always)]
    fn itself(self) -> F::IntoFuture {
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

// An error that does not convert is told in the words above, too.
#[diagnostic::do_not_recommend]
impl<T, F, E> Accepts<Result<(), E>> for Result<T, F>
where
    F: From<E>,
{
    fn from_cleanup(value: Result<(), E>) -> Option<Self> {
        value.err().map(|error| Err(error.into()))
    }
}
