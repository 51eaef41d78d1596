//! From a body's outcome and its cleanup to the one result.
//!
//! First failure wins (P7): the body's if it failed, else the cleanup's. Every other failure is reported (P8).

mod await_inline;
#[cfg(feature = "std")]
mod await_owned;
mod rules;

pub use await_inline::Skipping;
#[cfg(feature = "std")]
pub use await_owned::{Blocking, Detachable, Detacher, Settle, Settling};
pub use rules::{Rules, Settled, Texts};
pub(crate) use rules::{deliver, raise_first};

use core::{
    convert::Infallible,
    future::Ready,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(feature = "std")]
use crate::cleanup::Awaited;
use crate::{
    cleanup::{Accepts, Cleanup, CleanupValue, InPlace},
    outcome::Exit,
    unwind::Payload,
};

/// What a coroutine ends in: its body's exit together with its cleanup.
pub trait Ending {
    type Output;
    /// What a guard holds while it awaits the cleanup. Holds no output where nothing is awaited, because a future that
    /// holds a `T` is `Send` only if `T` is.
    type Held: Hold<Output = Self::Output>;

    /// The outcome where it is known by now, else what has to be awaited.
    fn begin(self) -> Result<Settled<Self::Output>, Self::Held>;

    /// The caller has left. Goes on with what the body panicked with while it was dropped.
    fn abandon(self);
}

/// A cleanup that is being awaited. Not a `Future` by that name: a coroutine ends in one, and must not look as if it
/// forgot an `.await`.
pub trait Hold {
    type Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Settled<Self::Output>>;
}

/// Nothing is awaited.
pub struct Never<T>(Infallible, PhantomData<fn() -> T>);

impl<T> Hold for Never<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Settled<T>> {
        match self.0 {}
    }
}

/// A cleanup that was evaluated, or the panic of that. Building is running: the panic counts as one of the cleanup.
pub struct Built<K, Marker, V> {
    pub(crate) cleanup: Result<K, Payload>,
    marker: PhantomData<fn() -> (Marker, V)>,
}

impl<K, M, V> Built<K, M, V> {
    pub(crate) fn new(cleanup: Result<K, Payload>) -> Self {
        Self { cleanup, marker: PhantomData }
    }

    /// The future of a cleanup that is one already.
    pub(crate) fn started(self) -> Result<K::Future, Payload>
    where
        K: Cleanup<M>,
    {
        match self.cleanup {
            Ok(cleanup) => Ok(cleanup.into_future()),
            Err(payload) => Err(payload),
        }
    }
}

/// A cleanup that may be detached.
#[cfg_attr(
    feature = "std",
    diagnostic::on_unimplemented(
        message = "a cleanup evaluates to `()`, to `Result<(), E>`, or to a future of one of them, not to `{Self}`",
        label = "this evaluates to `{Self}`",
        note = "to ignore the value, write `{{ let _ = ..; }}`, or `{{ let _ = (..).await; }}` for a future"
    )
)]
#[cfg_attr(
    not(feature = "std"),
    diagnostic::on_unimplemented(
        message = "a cleanup that is awaited cannot be detached without the feature `std`",
        note = "turn the feature on, or choose `on_cancel = skip`"
    )
)]
pub trait Detach<Marker, T>: Cleanup<Marker> {
    type Ending: Ending<Output = T>;

    fn settle(
        started: Result<Self::Future, Payload>,
        exit: Exit<T>,
        texts: Texts<T, Self::Value>,
    ) -> Self::Ending;
}

impl<V, T> Detach<InPlace, T> for V
where
    V: CleanupValue,
    T: Accepts<V>,
{
    type Ending = Settled<T>;

    fn settle(started: Result<Ready<V>, Payload>, exit: Exit<T>, texts: Texts<T, V>) -> Settled<T> {
        // Nothing of the output may be held here, so what the body adopted goes outwards.
        exit.settle_now(started.map(Ready::into_inner), Rules::new(texts))
    }
}

#[cfg(feature = "std")]
impl<F, T> Detach<Awaited, T> for F
where
    // A cancelled caller does not wait, so the cleanup may have to move to another task: it owns what it uses and is
    // `Send`. Own it (`clone` what the cleanup needs), or choose `on_cancel = block` or `on_cancel = skip`.
    F: IntoFuture,
    F::IntoFuture: Send + 'static,
    F::Output: CleanupValue,
    T: Accepts<F::Output>,
{
    type Ending = Settling<T, Detachable<F::Output>>;

    fn settle(
        started: Result<F::IntoFuture, Payload>,
        exit: Exit<T>,
        texts: Texts<T, F::Output>,
    ) -> Self::Ending {
        let cleanup = match started {
            Ok(future) => Ok(Detachable::new(future, &texts)),
            Err(payload) => Err(payload),
        };
        Settling::new(cleanup, exit, Rules::new(texts))
    }
}
