//! Handlers: the arguments of the methods. A handler takes a fate or nothing, and returns a cleanup.

use core::{fmt, marker::PhantomData, panic::Location};

use crate::{
    cleanup::{Accepts, Cleanup, CleanupValue, Detach, HasEnding, Never, Strategy},
    engine::{
        combinator::Conclude,
        exit::Exit,
        verdict::{Rules, Texts},
    },
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

/// Returns the rules by which a method puts the end of a cleanup beside that of its body.
pub(crate) fn rules<T: Accepts<V>, V: Explain>(location: &'static Location<'static>) -> Rules<T, V> {
    Rules::new(Texts { body: opaque::describe as Describe<T>, cleanup: V::explain as Describe<V>, location })
}

/// `T: Accepts<Self>`, with the cleanup's value in front.
///
/// The compiler waits until it knows the type of the value. In a function whose bounds say that `T` accepts the error of some
/// cleanup, it would otherwise take every handler for one with that error.
pub trait FailsInto<T>: Explain {
    fn rules(location: &'static Location<'static>) -> Rules<T, Self>;
}

impl<V: Explain, T: Accepts<V>> FailsInto<T> for V {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rules(location: &'static Location<'static>) -> Rules<T, V> {
        rules(location)
    }
}

/// Any cleanup that the methods and the guards take: the bound of a function that is generic over it.
///
/// It promises what a [`Cleanup`] needs when its caller leaves. A future is `Send + 'static`, or is wrapped in
/// [`block_on_cancel`](crate::block_on_cancel), [`skip_on_cancel`](crate::skip_on_cancel) or
/// [`replace_on_cancel`](crate::replace_on_cancel). An error is `Debug + 'static`.
///
/// The trait is about the cleanup and not about the handler, because the signature of a handler differs: `FnOnce() -> C` for
/// [`finally`](crate::FinallyExt::finally), `FnOnce(Fate<'_, T>) -> C` for
/// [`finally_with`](crate::FinallyExt::finally_with), and `FnOnce(T) -> C` for a [`guard`](crate::guard()). The marker `M` is
/// inferred by each call.
///
/// An output takes the error of the cleanup with [`Accepts<C::Value>`](crate::types::Accepts). Write `AnyCleanup<M, Value = ()>`
/// for a cleanup that cannot fail: every output accepts it. A cleanup of a [`Scope`](crate::Scope) is bounded by
/// [`ScopeStrategy`](crate::types::ScopeStrategy). [`acquire`](fn@crate::acquire) needs more than this bound, because
/// the wait for its cleanup may move to another thread.
///
/// The trait is sealed. It is implemented for every type that meets its bounds.
///
/// # Examples
///
/// ```
/// use std::future::IntoFuture;
/// use finally::{FinallyExt, block_on_cancel, types::{Accepts, AnyCleanup}};
///
/// async fn with_log<F, H, C, M>(name: &str, future: F, handler: H) -> F::Output
/// where
///     F: IntoFuture<Output: Accepts<C::Value>>,
///     H: FnOnce() -> C,
///     C: AnyCleanup<M>,
/// {
///     let handler = || {
///         println!("{name}: cleanup");
///         handler()
///     };
///     future.finally(handler).await
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// // A sync cleanup, one that may fail, and two that are awaited.
/// assert_eq!(with_log("one", async { 1 }, || println!("sync")).await, 1);
/// let failed = with_log("two", async { Ok::<_, &str>(2) }, || Err("the cleanup failed")).await;
/// assert_eq!(failed, Err("the cleanup failed"));
/// assert_eq!(with_log("three", async { 3 }, async || println!("awaited")).await, 3);
///
/// let lock = String::from("lock");
/// let unlock = || block_on_cancel(async { println!("{lock} is free") });
/// assert_eq!(with_log("four", async { 4 }, unlock).await, 4);
/// # });
/// ```
///
/// A guard needs no bound but this one:
///
/// ```
/// use finally::{Guard, guard, types::AnyCleanup};
///
/// async fn visit<H, C, M>(close: H) -> C::Value
/// where
///     H: FnOnce(u32) -> C,
///     C: AnyCleanup<M>,
/// {
///     Guard::release(guard(7, close)).await
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// visit(|id| println!("{id} is closed")).await;
/// assert_eq!(visit(async |id| Err::<(), u32>(id)).await, Err(7));
/// # });
/// ```
pub trait AnyCleanup<M>:
    Cleanup<M, Value: Explain, Work: Detach<M, Self::Detached>, Detached: Strategy<M, Self::Value>>
{
}

impl<C, M> AnyCleanup<M> for C where
    C: Cleanup<M, Value: Explain, Work: Detach<M, C::Detached>, Detached: Strategy<M, C::Value>>
{
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
pub struct LocatedHandler<H, Marker> {
    handler: H,
    location: &'static Location<'static>,
    marker: PhantomData<fn() -> Marker>,
}

impl<H, M> LocatedHandler<H, M> {
    #[track_caller]
    pub(crate) const fn new(handler: H) -> Self {
        Self { handler, location: Location::caller(), marker: PhantomData }
    }
}

impl<T, H, M> Conclude<T> for LocatedHandler<H, M>
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
    C: Cleanup<M, Value = V, Work = I, Detached = D>,
    I: Detach<M, D>,
    D: Strategy<M, V>,
    V: FailsInto<T>,
{
    type Detached = D;
    type Marker = M;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn conclude(handler: H, exit: Exit<T>, location: &'static Location<'static>) -> D::Ending<T> {
        let (exit, started) = exit.evaluating(|fate| handler.call(fate).into_work().detached());
        D::settle(started, exit, V::rules(location))
    }
}
