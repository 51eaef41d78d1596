//! Handlers: the arguments of the methods. A handler takes a fate or nothing, and returns a cleanup.

use core::{fmt, marker::PhantomData, panic::Location};

use crate::{
    cleanup::{Cleanup, CleanupValue, Detach, DetachMode, HasEnding, Never, Strategy},
    engine::{combinator::Conclude, exit::Exit, verdict::Texts},
    fate::Fate,
    macros::{
        describe::{self, Answer, Ask, Describe},
        opaque,
    },
};

/// The failure of a cleanup as text, where no macro sees its type.
#[diagnostic::on_unimplemented(
    message = "the error in `{Self}` cannot be shown",
    note = "implement `Debug` for it: a failure that no caller gets goes to the failure hook as text"
)]
pub trait Explain: CleanupValue {
    /// Returns the value of a cleanup that succeeds, or `None` for one that never returns.
    fn success() -> Option<Self>;

    fn explain(ask: Ask<'_, Self>) -> Option<Answer>;
}

impl Explain for () {
    fn success() -> Option<Self> {
        Some(())
    }

    fn explain(_: Ask<'_, Self>) -> Option<Answer> {
        None
    }
}

impl Explain for Never {
    fn success() -> Option<Self> {
        None
    }

    fn explain(_: Ask<'_, Self>) -> Option<Answer> {
        None
    }
}

impl<E: fmt::Debug + 'static> Explain for Result<(), E> {
    fn success() -> Option<Self> {
        Some(Ok(()))
    }

    fn explain(ask: Ask<'_, Self>) -> Option<Answer> {
        describe::describe_by_debug(ask)
    }
}

/// Returns the texts of a method's failures.
pub(crate) fn texts<T, V: Explain>(location: &'static Location<'static>) -> Texts<T, V> {
    Texts { body: opaque::describe as Describe<T>, cleanup: V::explain as Describe<V>, location }
}

/// A handler that may follow a body whose output is `T`.
pub trait Handler<T, Marker> {
    type Cleanup: Cleanup<Marker>;

    fn call(self, fate: Fate<'_, T>) -> Self::Cleanup;
}

impl<T, M, H, C> Handler<T, M> for H
where
    H: FnOnce() -> C,
    C: Cleanup<M>,
{
    type Cleanup = C;

    fn call(self, _: Fate<'_, T>) -> C {
        self()
    }
}

/// Marks a handler that looks at the fate, in the type that [`finally_with`](crate::FinallyExt::finally_with) returns.
///
/// ```
/// use std::future::{Ready, ready};
/// use finally::{Fate, Finally, FinallyExt, types::WithFate};
///
/// type Watched = Finally<Ready<u8>, WithFate<fn(Fate<'_, u8>)>>;
///
/// let watched: Watched = ready(1).finally_with(|fate| println!("{fate:?}"));
/// # drop(watched);
/// ```
pub struct WithFate<H>(pub(crate) H);

impl<H> fmt::Debug for WithFate<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WithFate(..)")
    }
}

impl<T, M, H, C> Handler<T, M> for WithFate<H>
where
    H: FnOnce(Fate<'_, T>) -> C,
    C: Cleanup<M>,
{
    type Cleanup = C;

    fn call(self, fate: Fate<'_, T>) -> C {
        (self.0)(fate)
    }
}

/// A handler with its location.
pub struct Handling<H, Marker> {
    handler: H,
    location: &'static Location<'static>,
    marker: PhantomData<fn() -> Marker>,
}

impl<H, M> Handling<H, M> {
    #[track_caller]
    pub(crate) const fn new(handler: H) -> Self {
        Self { handler, location: Location::caller(), marker: PhantomData }
    }
}

impl<T, H, M> Conclude<T> for Handling<H, M>
where
    M: FutureStrategy<T, H>,
{
    type Ending = <M::Detached as HasEnding<M>>::Ending<T>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn conclude(self, exit: Exit<T>) -> Self::Ending {
        M::conclude(self.handler, exit, self.location)
    }
}

/// Decides how a cleanup concludes a body whose output is `T`, by the marker of the cleanup.
///
/// A type that holds a handler is bounded by this and nothing else, because a bound of a type is checked wherever the type
/// is named. The methods take the marker from the cleanup, so where a handler is refused there is none, and the bound has
/// nothing to say: the mistake is reported once.
pub trait FutureStrategy<T, H>: Sized {
    /// The type that the handler's cleanup becomes.
    type Detached: HasEnding<Self>;
    /// The marker itself, by way of this trait: where a handler is refused there is none, and no further error follows.
    type Marker;

    fn conclude(
        handler: H,
        exit: Exit<T>,
        location: &'static Location<'static>,
    ) -> <Self::Detached as HasEnding<Self>>::Ending<T>;
}

impl<T, H, M, C, I, D, V> FutureStrategy<T, H> for M
where
    H: Handler<T, M, Cleanup = C>,
    C: Cleanup<M, Value = V, Work = I>,
    M: DetachMode<I, V, Detached = D>,
    I: Detach<M, D>,
    D: Strategy<M, T, V>,
    V: Explain,
{
    type Detached = D;
    type Marker = M;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn conclude(handler: H, exit: Exit<T>, location: &'static Location<'static>) -> D::Ending<T> {
        let (exit, started) = exit.evaluating(|fate| handler.call(fate).into_work().detached());
        D::settle(started, exit, texts(location))
    }
}
