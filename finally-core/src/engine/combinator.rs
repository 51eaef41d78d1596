//! The form of a cleanup that needs none of the function's arguments: a future and a handler, no coroutine.

use core::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    engine::{
        armed::Arm,
        body::{self, ByValue, Exits, Run},
        depth::Before,
        ending::{Ending, FirstPoll, Hold, PollEnding},
        erased::erased,
        exclusive::Exclusive,
        exit::Exit,
        unwind::{abort, polled_after_completion},
    },
    handoff::GroupKey,
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
    /// The ending of the handler is a parameter. See [`WithArguments`](crate::engine::driver::WithArguments) for the reason.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Combinator<F, H, E, X = ByValue>
    where
        F: Future,
        X: Exits<F::Output>,
        H: Conclude<X::Output, Ending = E>,
        E: Ending,
    {
        #[pin]
        stage: Stage<F, E, X>,
        conclusion: Conclusion<Option<H>>,
    }

    impl<F, H, E, X> PinnedDrop for Combinator<F, H, E, X>
    where
        F: Future,
        X: Exits<F::Output>,
        H: Conclude<X::Output, Ending = E>,
        E: Ending,
    {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if mem::replace(&mut this.conclusion.entered, false) {
                leave(
                    erased!(this.stage => Pin<&mut dyn AnyStage<X::Output, E::Held>>),
                    erased!(this.conclusion => &mut Conclusion<dyn ErasedConclude<X::Output, E> + '_>),
                );
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
        match self.project().stage.project() {
            StageProject::Body { future, .. } => Some(future),
            StageProject::Cleanup { .. } | StageProject::Done => None,
        }
    }

    /// Returns a shared reference to the future, unless it has ended.
    #[cfg(feature = "stream")]
    pub(crate) const fn future_ref(&self) -> Option<&F> {
        match &self.stage {
            Stage::Body { future, .. } => Some(future),
            Stage::Cleanup { .. } | Stage::Done => None,
        }
    }

    /// Returns whether the result was delivered.
    #[cfg(feature = "stream")]
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Returns how far it is, for `Debug`.
    pub(crate) const fn phase(&self) -> Phase {
        match self.stage {
            Stage::Body { .. } => Phase::Body,
            Stage::Cleanup { .. } => Phase::Cleanup,
            Stage::Done => Phase::Done,
        }
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
        let conclusion = Conclusion { adopted: GroupKey::NONE, entered: false, handler: Some(handler) };
        Self { stage: Stage::Body { before: [], future, exit }, conclusion }
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
        self.conclusion.entered = true;
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
        let this = self.project();
        poll(
            erased!(this.stage => Pin<&mut dyn AnyStage<X::Output, E::Held>>),
            erased!(this.conclusion => &mut Conclusion<dyn ErasedConclude<X::Output, E> + '_>),
            context,
        )
    }
}

/// The handler and the state it needs until the body ends.
pub struct Conclusion<H: ?Sized> {
    adopted: GroupKey,
    entered: bool,
    handler: H,
}

/// Object-safe handler, taken out when called.
trait ErasedConclude<T, E> {
    fn conclude(&mut self, exit: Exit<T>) -> E;
}

impl<T, H: Conclude<T>> ErasedConclude<T, H::Ending> for Option<H> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn conclude(&mut self, exit: Exit<T>) -> H::Ending {
        match self.take() {
            Some(handler) => handler.conclude(exit),
            None => abort("a body ends once"),
        }
    }
}

/// Drives a combinator, without the types of its future and its handler in a debug build.
///
/// The body is polled from here. The steps after it are functions of their own, so that a deep nest does not have them on its
/// stack.
#[cfg_attr(not(debug_assertions), inline(always))]
fn poll<T, E: Ending, S: AnyStage<T, E::Held> + ?Sized, H: ErasedConclude<T, E> + ?Sized>(
    mut stage: Pin<&mut S>,
    conclusion: &mut Conclusion<H>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    let Current::Body = stage.as_mut().current() else { return poll_held::<T, E, S>(stage, context) };
    conclusion.entered = true;
    match body::run(stage.as_mut(), &mut conclusion.adopted, context) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(exit) => conclude(stage, conclusion, exit, context),
    }
}

/// Evaluates the cleanup of a body that has ended, and polls it.
#[cfg_attr(not(debug_assertions), inline(always))]
fn conclude<T, E: Ending, S: AnyStage<T, E::Held> + ?Sized, H: ErasedConclude<T, E> + ?Sized>(
    mut stage: Pin<&mut S>,
    conclusion: &mut Conclusion<H>,
    exit: Exit<T>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    conclusion.entered = false;
    match conclusion.handler.conclude(exit).poll_first(context, stage.as_mut().place()) {
        FirstPoll::Ready(output) => Poll::Ready(output),
        FirstPoll::Pending => Poll::Pending,
        FirstPoll::Held => poll_held::<T, E, S>(stage, context),
    }
}

/// Polls the cleanup in its place.
#[inline(never)]
fn poll_held<T, E: Ending, S: AnyStage<T, E::Held> + ?Sized>(
    mut stage: Pin<&mut S>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    let Current::Cleanup(held) = stage.as_mut().current() else { polled_after_completion() };
    let verdict = ready!(held.poll(context));
    stage.end();
    Poll::Ready(verdict.deliver())
}

/// Drops a body that is under way, and calls the handler.
#[inline(never)]
fn leave<T, E: Ending, S: AnyStage<T, E::Held> + ?Sized, H: ErasedConclude<T, E> + ?Sized>(
    stage: Pin<&mut S>,
    conclusion: &mut Conclusion<H>,
) {
    let exit = body::cancel(stage, conclusion.adopted.take());
    conclusion.handler.conclude(exit).abandon();
}

pin_project! {
    /// The body, or in its place the cleanup that is awaited.
    ///
    /// Generic over the ending, and not over what that holds: a type that the compiler has to look up in a trait counts twice
    /// among those that nest, and there is a limit to how deeply they may.
    #[project = StageProject]
    pub enum Stage<F, E, X>
    where
        E: Ending,
    {
        Body {
            before: Before<E::Held>,
            #[pin]
            future: F,
            exit: X,
        },
        Cleanup {
            #[pin]
            held: Exclusive<E::Held>,
        },
        Done,
    }
}

trait AnyStage<T, Held>: Run<T> {
    fn current(self: Pin<&mut Self>) -> Current<'_, Held>;

    /// The same place, for the cleanup.
    fn place(self: Pin<&mut Self>) -> Pin<&mut dyn Hold<Held>>;
}

enum Current<'a, Held> {
    Body,
    Cleanup(Pin<&'a mut Held>),
    Done,
}

impl<F: Future, E: Ending, X: Exits<F::Output>> Run<X::Output> for Stage<F, E, X> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        match self.project() {
            StageProject::Body { future, exit, .. } => exit.poll(future, context),
            StageProject::Cleanup { .. } | StageProject::Done => abort("a body that has ended is not polled"),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end(mut self: Pin<&mut Self>) {
        self.set(Self::Done);
    }
}

impl<F: Future, E: Ending, X: Exits<F::Output>> AnyStage<X::Output, E::Held> for Stage<F, E, X> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn current(self: Pin<&mut Self>) -> Current<'_, E::Held> {
        match self.project() {
            StageProject::Body { .. } => Current::Body,
            StageProject::Cleanup { held } => Current::Cleanup(held.get()),
            StageProject::Done => Current::Done,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn place(self: Pin<&mut Self>) -> Pin<&mut dyn Hold<E::Held>> {
        self
    }
}

impl<F, E: Ending, X> Hold<E::Held> for Stage<F, E, X> {
    #[inline]
    fn hold(mut self: Pin<&mut Self>, held: E::Held) {
        self.set(Self::Cleanup { held: Exclusive::new(held) });
    }
}
