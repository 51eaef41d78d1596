//! The form of a cleanup that needs none of the function's arguments: a future and a handler, no coroutine.

use core::{
    future::Future,
    mem::ManuallyDrop,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    engine::{
        armed::Arm,
        body::{self, ByValue, End, Exits, Polling, Run},
        depth::Before,
        ending::{Ending, FirstPoll, Hold, PollEnding},
        erased::erased,
        exclusive::Exclusive,
        exit::Exit,
        unwind::{Payload, abort, polled_after_completion},
    },
    handoff::{GroupKey, Outer},
};

/// How far a combinator is, for `Debug`.
#[derive(Debug)]
pub(crate) enum Phase {
    Body,
    Cleanup,
    Done,
}

/// A body and a handler that ends in one of the `settle` functions, to be awaited. An expansion names it if the cleanup uses no
/// argument, so the handler captures nothing.
///
/// A function pointer is of one type for all functions, and an optimizer does not see through it. The module `erased` says why
/// a debug build wants that, and a release build does not.
#[cfg(debug_assertions)]
#[must_use = "a body runs when it is awaited"]
pub struct WithoutArguments<F: Future, E>(pub F, pub fn(Exit<F::Output>) -> E);

#[cfg(debug_assertions)]
impl<F: Future, E: Ending> core::future::IntoFuture for WithoutArguments<F, E> {
    type Output = E::Output;
    type IntoFuture = Combinator<F, fn(Exit<F::Output>) -> E, E>;

    #[inline(always)]
    fn into_future(self) -> Self::IntoFuture {
        Combinator::new(self.0, self.1)
    }
}

/// A body and a handler that ends in one of the `settle` functions.
#[cfg(not(debug_assertions))]
#[allow(non_snake_case, reason = "an expansion is the same with and without `debug_assertions`")]
#[inline(always)]
pub const fn WithoutArguments<F, H, E>(body: F, handler: H) -> Combinator<F, H, E>
where
    F: Future,
    H: FnOnce(Exit<F::Output>) -> E,
    E: Ending,
{
    Combinator::new(body, handler)
}

/// A body in place that shares no variable with its cleanup, the way in which it exits, and a handler that ends in one of the `settle`
/// functions.
///
/// The handler may capture variables, so it is no function pointer in any build.
#[allow(
    non_snake_case,
    reason = "the other forms of an expansion are types in a debug build, and have such names"
)]
#[inline(always)]
pub const fn SharingNothing<F, H, E, X>(exit: X, body: F, handler: H) -> Combinator<F, H, E, X>
where
    F: Future,
    X: Exits<F::Output>,
    H: FnOnce(Exit<X::Output>) -> E,
    E: Ending,
{
    Combinator::exiting(exit, body, handler)
}

pin_project! {
    /// A body and its handler. The handler is called on every fate, after the body was dropped. There is no coroutine to
    /// resume, so an early drop just drops the body and calls the handler.
    ///
    /// It is one type with all of its stages, because the compiler limits how deeply the types of futures may nest. For the same
    /// reason it is generic over the ending, and not over what that holds: a type that the compiler has to look up in a trait
    /// counts twice. The ending is that of the handler. See [`WithArguments`](crate::engine::driver::WithArguments) for the reason
    /// why it is a parameter.
    #[project = CombinatorProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum Combinator<F, H, E, X = ByValue>
    where
        F: Future,
        X: Exits<F::Output>,
        H: Conclude<X::Output, Ending = E>,
        E: Ending,
    {
        Body {
            before: Before<E::Held>,
            #[pin]
            future: F,
            // Empty when the body is dropped: the poll in which it ends takes the key, and so does `cancel`. Drop code for it would
            // cost each call four instructions.
            adopted: ManuallyDrop<GroupKey>,
            entered: bool,
            exit: X,
            handler: Option<H>,
        },
        /// In the place of the body, the cleanup that is awaited.
        Cleanup {
            #[pin]
            held: Exclusive<E::Held>,
        },
        /// The body was dropped. The handler is there until it is called.
        Ended { handler: Option<H> },
    }

    impl<F, H, E, X> PinnedDrop for Combinator<F, H, E, X>
    where
        F: Future,
        X: Exits<F::Output>,
        H: Conclude<X::Output, Ending = E>,
        E: Ending,
    {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn drop(mut this: Pin<&mut Self>) {
            // By a unique reference, as in the drop of a `Driver`.
            if let CombinatorProject::Body { entered: true, .. } = this.as_mut().project() {
                cancel(erased!(this => Pin<&mut dyn AnyCombinator<X::Output, E>>));
            }
        }
    }
}

/// Concludes a body: evaluates the cleanup, and makes an ending of the exit and the cleanup.
pub trait Conclude<T> {
    type Ending;

    fn conclude(self, exit: Exit<T>) -> Self::Ending;
}

/// As an expansion writes it.
impl<T, H, E> Conclude<T> for H
where
    H: FnOnce(Exit<T>) -> E,
{
    type Ending = E;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn conclude(self, exit: Exit<T>) -> E {
        self(exit)
    }
}

impl<F, H, E, X> Combinator<F, H, E, X>
where
    F: Future,
    X: Exits<F::Output>,
    H: Conclude<X::Output, Ending = E>,
    E: Ending,
{
    #[inline(always)]
    const fn exiting(exit: X, future: F, handler: H) -> Self {
        // In one expression: no call that the compiler would have to be prepared to unwind from.
        Self::Body {
            before: [],
            future,
            adopted: ManuallyDrop::new(GroupKey::NONE),
            entered: false,
            exit,
            handler: Some(handler),
        }
    }
}

impl<F, H, E> Combinator<F, H, E>
where
    F: Future,
    H: Conclude<F::Output, Ending = E>,
    E: Ending,
{
    #[inline(always)]
    pub(crate) const fn new(future: F, handler: H) -> Self {
        Self::exiting(ByValue, future, handler)
    }

    /// Returns the future, unless it has ended.
    #[cfg(feature = "stream")]
    pub(crate) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut F>> {
        match self.project() {
            CombinatorProject::Body { future, .. } => Some(future),
            CombinatorProject::Cleanup { .. } | CombinatorProject::Ended { .. } => None,
        }
    }

    /// Returns a shared reference to the future, unless it has ended.
    #[cfg(feature = "stream")]
    pub(crate) const fn future_ref(&self) -> Option<&F> {
        match self {
            Self::Body { future, .. } => Some(future),
            Self::Cleanup { .. } | Self::Ended { .. } => None,
        }
    }

    /// Returns whether the result was delivered.
    #[cfg(feature = "stream")]
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    /// Returns how far it is, for `Debug`.
    pub(crate) const fn phase(&self) -> Phase {
        match self {
            Self::Body { .. } => Phase::Body,
            Self::Cleanup { .. } => Phase::Cleanup,
            Self::Ended { .. } => Phase::Done,
        }
    }
}

impl<F, H, E> Arm for Combinator<F, H, E>
where
    F: Future,
    H: Conclude<F::Output, Ending = E>,
    E: Ending,
{
    #[inline(always)]
    fn arm(mut self) -> Self {
        if let Self::Body { entered, .. } = &mut self {
            *entered = true;
        }
        self
    }
}

impl<F, H, E, X> Future for Combinator<F, H, E, X>
where
    F: Future,
    X: Exits<F::Output>,
    H: Conclude<X::Output, Ending = E>,
    E: Ending,
{
    type Output = E::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<E::Output> {
        poll(&mut Polling { polled: erased!(self => Pin<&mut dyn AnyCombinator<X::Output, E>>), context })
    }
}

/// Drives a combinator, without the types of its future and its handler in a debug build.
///
/// The body is polled from here. The steps after it are functions of their own, so that a deep nest does not have them on its
/// stack.
#[cfg_attr(not(debug_assertions), inline(always))]
fn poll<T, E: Ending, C: AnyCombinator<T, E> + ?Sized>(polling: &mut Polling<'_, '_, C>) -> Poll<E::Output> {
    let Some(outer) = enter(polling) else { return poll_held(polling.polled.as_mut(), polling.context) };
    let mut polled = polling.catch();
    if let Ok(Poll::Pending) = polled {
        leave(polling, outer);
        return Poll::Pending;
    }
    conclude(polling, outer, &mut polled)
}

/// Begins a poll of the body, unless that has ended.
#[cfg_attr(not(debug_assertions), inline(always))]
fn enter<T, E: Ending, C: AnyCombinator<T, E> + ?Sized>(polling: &mut Polling<'_, '_, C>) -> Option<Outer> {
    let Current::Body { adopted, entered } = polling.polled.as_mut().current() else { return None };
    *entered = true;
    Some(adopted.enter())
}

/// Ends a poll of a body that is suspended.
#[cfg_attr(not(debug_assertions), inline(always))]
fn leave<T, E: Ending, C: AnyCombinator<T, E> + ?Sized>(polling: &mut Polling<'_, '_, C>, outer: Outer) {
    if let Current::Body { adopted, .. } = polling.polled.as_mut().current() {
        adopted.leave(outer);
    }
}

/// Evaluates the cleanup of a body that has ended, and polls it.
#[cfg_attr(not(debug_assertions), inline(always))]
fn conclude<T, E: Ending, C: AnyCombinator<T, E> + ?Sized>(
    polling: &mut Polling<'_, '_, C>,
    outer: Outer,
    polled: &mut Result<Poll<T>, Payload>,
) -> Poll<E::Output> {
    let Polling { polled: combinator, context } = polling;
    let exit = body::end(combinator.as_mut(), outer, polled);
    let ending = combinator.as_mut().conclude(exit);
    match ending.poll_first(context, combinator.as_mut().place()) {
        FirstPoll::Ready(output) => Poll::Ready(output),
        FirstPoll::Pending => Poll::Pending,
        FirstPoll::Held => poll_held(combinator.as_mut(), context),
    }
}

/// Polls the cleanup in its place.
#[inline(never)]
fn poll_held<T, E: Ending, C: AnyCombinator<T, E> + ?Sized>(
    mut combinator: Pin<&mut C>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    let Current::Cleanup(held) = combinator.as_mut().current() else { polled_after_completion() };
    let verdict = ready!(held.poll(context));
    combinator.end();
    Poll::Ready(verdict.deliver())
}

/// Drops a body that is under way, and calls the handler.
#[inline(never)]
fn cancel<T, E: Ending, C: AnyCombinator<T, E> + ?Sized>(mut combinator: Pin<&mut C>) {
    let Current::Body { adopted, .. } = combinator.as_mut().current() else { abort(&ENDED) };
    let key = adopted.take();
    let exit = body::cancel(combinator.as_mut(), key);
    combinator.conclude(exit).abandon();
}

/// An object-safe combinator.
trait AnyCombinator<T, E: Ending>: Run<T> {
    fn current(self: Pin<&mut Self>) -> Current<'_, E::Held>;

    /// Calls the handler, after the body was dropped.
    fn conclude(self: Pin<&mut Self>, exit: Exit<T>) -> E;

    /// The same place, for the cleanup.
    fn place(self: Pin<&mut Self>) -> Pin<&mut dyn Hold<E::Held>>;
}

enum Current<'a, Held> {
    Body { adopted: &'a mut GroupKey, entered: &'a mut bool },
    Cleanup(Pin<&'a mut Held>),
    Ended,
}

const ENDED: &str = "a body that has ended is neither polled nor cancelled";

impl<F, H, E, X> End for Combinator<F, H, E, X>
where
    F: Future,
    X: Exits<F::Output>,
    H: Conclude<X::Output, Ending = E>,
    E: Ending,
{
    /// Drops the body, or the cleanup. The handler of a body stays, also if that drop panics.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end(mut self: Pin<&mut Self>) {
        let handler = match self.as_mut().project() {
            CombinatorProject::Body { entered, handler, .. } => {
                // The body is dropped as part of the whole, whose drop would cancel it.
                *entered = false;
                handler.take()
            }
            CombinatorProject::Cleanup { .. } | CombinatorProject::Ended { .. } => None,
        };
        self.set(Self::Ended { handler });
    }
}

impl<F, H, E, X> Run<X::Output> for Combinator<F, H, E, X>
where
    F: Future,
    X: Exits<F::Output>,
    H: Conclude<X::Output, Ending = E>,
    E: Ending,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        match self.project() {
            CombinatorProject::Body { future, exit, .. } => exit.poll(future, context),
            CombinatorProject::Cleanup { .. } | CombinatorProject::Ended { .. } => abort(&ENDED),
        }
    }
}

impl<F, H, E, X> AnyCombinator<X::Output, E> for Combinator<F, H, E, X>
where
    F: Future,
    X: Exits<F::Output>,
    H: Conclude<X::Output, Ending = E>,
    E: Ending,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn current(self: Pin<&mut Self>) -> Current<'_, E::Held> {
        match self.project() {
            CombinatorProject::Body { adopted, entered, .. } => Current::Body { adopted, entered },
            CombinatorProject::Cleanup { held } => Current::Cleanup(held.get()),
            CombinatorProject::Ended { .. } => Current::Ended,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn conclude(self: Pin<&mut Self>, exit: Exit<X::Output>) -> E {
        match self.project() {
            CombinatorProject::Ended { handler } => match handler.take() {
                Some(handler) => handler.conclude(exit),
                None => abort(&"a body ends once"),
            },
            CombinatorProject::Body { .. } | CombinatorProject::Cleanup { .. } => {
                abort(&"a body is dropped before its cleanup starts")
            }
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn place(self: Pin<&mut Self>) -> Pin<&mut dyn Hold<E::Held>> {
        self
    }
}

impl<F, H, E, X> Hold<E::Held> for Combinator<F, H, E, X>
where
    F: Future,
    X: Exits<F::Output>,
    H: Conclude<X::Output, Ending = E>,
    E: Ending,
{
    #[inline]
    fn hold(mut self: Pin<&mut Self>, held: E::Held) {
        self.set(Self::Cleanup { held: Exclusive::new(held) });
    }
}
