//! The future around the user's block.

use core::{
    future::{Future, IntoFuture},
    mem::{self, ManuallyDrop},
    panic::UnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    engine::{
        depth::Before,
        erased::erased,
        exit::{Exit, Outcome},
        signal,
        unwind::{Asserted, Payload, abort, catch_asserted},
    },
    handoff::{Adopted, Dropping, GroupKey, Outer},
};

/// The user's block, to be awaited in a coroutine.
///
/// It is a struct, because a function would be compiled once more for each of the user's functions.
#[must_use = "a body runs when it is awaited"]
pub struct Body<F>(pub F);

impl<F: Future> IntoFuture for Body<F> {
    type Output = Exit<F::Output>;
    type IntoFuture = RunningBody<F>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_future(self) -> RunningBody<F> {
        RunningBody::new(self.0, ByValue)
    }
}

impl<F, X> RunningBody<F, X> {
    #[inline(always)]
    pub(crate) const fn new(future: F, exit: X) -> Self {
        Self::Running { before: [], future, adopted: ManuallyDrop::new(GroupKey::NONE), exit }
    }
}

/// The way in which a body exits when its future is ready, or has marked itself as ended.
pub trait Exits<T> {
    type Output;

    fn poll<F: Future<Output = T>>(
        &self,
        future: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<Self::Output>;
}

/// Exits with the value of the future.
#[derive(Debug)]
pub struct ByValue;

impl<T> Exits<T> for ByValue {
    type Output = T;

    #[inline(always)]
    fn poll<F: Future<Output = T>>(&self, future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<T> {
        future.poll(context)
    }
}

pin_project! {
    /// Polls the user's block, catches its panic, and on the cancel signal drops it.
    ///
    /// Cleanups of futures that are cancelled inside the block are adopted: an executor runs them, and those that have not
    /// ended when the block ends are part of the exit.
    ///
    /// The way to exit is a parameter, and not one more future around the block, because the compiler limits how deeply the
    /// types of futures may nest.
    #[project = BodyProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum RunningBody<F, X = ByValue> {
        Running {
            before: Before<Adopted>,
            #[pin]
            future: F,
            // Empty when the body is dropped: its last poll takes the key, and a driver polls a body that is suspended before it drops
            // it. Drop code for the key would cost a call ten to twenty instructions, and a level of a nest 64 bytes of the stack.
            adopted: ManuallyDrop<GroupKey>,
            exit: X,
        },
        Ended,
    }
}

/// Is unwind safe whatever the block is. The block borrows arguments uniquely where a function without a cleanup owns them, and
/// that function would be unwind safe.
impl<F, X> UnwindSafe for RunningBody<F, X> {}

impl<F: Future, X: Exits<F::Output>> Future for RunningBody<F, X> {
    type Output = Exit<X::Output>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut polling = Polling { polled: erased!(self => Pin<&mut dyn AnyBody<X::Output>>), context };
        if signal::is_cancel(polling.context) { cancel_running(&mut polling) } else { poll(&mut polling) }
    }
}

/// Code of the user that runs inside a finally.
pub(crate) trait Run<T>: End {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T>;
}

/// The place of such code, which may have ended.
pub(crate) trait End {
    /// Drops the code that is there.
    fn end(self: Pin<&mut Self>);
}

/// The future of a cleanup, until it has ended.
impl<F: Future> Run<F::Output> for Option<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.as_pin_mut() {
            Some(future) => future.poll(context),
            None => abort(&"a cleanup that has ended is not polled"),
        }
    }
}

impl<F> End for Option<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end(mut self: Pin<&mut Self>) {
        self.set(None);
    }
}

/// An object-safe body.
trait AnyBody<T>: Run<T> {
    /// Returns the key of the cleanups that were handed off inside the body. It must not have ended.
    fn adopted(self: Pin<&mut Self>) -> &mut GroupKey;
}

impl<F: Future, X: Exits<F::Output>> Run<X::Output> for RunningBody<F, X> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<X::Output> {
        match self.project() {
            BodyProject::Running { future, exit, .. } => exit.poll(future, context),
            BodyProject::Ended => abort(&ENDED),
        }
    }
}

impl<F, X> End for RunningBody<F, X> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end(mut self: Pin<&mut Self>) {
        self.set(Self::Ended);
    }
}

impl<F: Future, X: Exits<F::Output>> AnyBody<X::Output> for RunningBody<F, X> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn adopted(self: Pin<&mut Self>) -> &mut GroupKey {
        match self.project() {
            BodyProject::Running { adopted, .. } => adopted,
            BodyProject::Ended => abort(&ENDED),
        }
    }
}

const ENDED: &str = "a coroutine does not poll a body again that has ended";

/// The arguments of a poll. A debug build has two slots of a frame for each word that is passed, and a reference to this is one word.
pub(crate) struct Polling<'a, 'c, B: ?Sized> {
    pub(crate) polled: Pin<&'a mut B>,
    pub(crate) context: &'a mut Context<'c>,
}

impl<B: ?Sized> Polling<'_, '_, B> {
    /// Polls code of the user, and catches its panic.
    #[inline(always)]
    pub(crate) fn catch<T>(&mut self) -> Result<Poll<T>, Payload>
    where
        B: Run<T>,
    {
        let polling = Asserted(self);
        catch_asserted(move || {
            let polling = polling.into_inner();
            polling.polled.as_mut().poll(polling.context)
        })
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn poll<T, B: AnyBody<T> + ?Sized>(polling: &mut Polling<'_, '_, B>) -> Poll<Exit<T>> {
    let outer = enter(polling);
    let mut polled = polling.catch();
    if let Ok(Poll::Pending) = polled {
        leave(polling, outer);
        return Poll::Pending;
    }
    ready(polling, outer, &mut polled)
}

/// Polls the user's future, and drops it when it has ended, before its cleanup starts. A panic of that drop must not
/// lose the cleanup.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn run<T, B: Run<T> + ?Sized>(
    body: Pin<&mut B>,
    adopted: &mut GroupKey,
    context: &mut Context<'_>,
) -> Poll<Exit<T>> {
    let mut polling = Polling { polled: body, context };
    let outer = adopted.enter();
    let mut polled = polling.catch();
    if let Ok(Poll::Pending) = polled {
        adopted.leave(outer);
        return Poll::Pending;
    }
    ready(&mut polling, outer, &mut polled)
}

// These are separate functions, so that a debug build has none of their variables in the frame of the poll. A deep nest has that
// frame on its stack once for each level.

#[cfg_attr(not(debug_assertions), inline(always))]
fn enter<T, B: AnyBody<T> + ?Sized>(polling: &mut Polling<'_, '_, B>) -> Outer {
    polling.polled.as_mut().adopted().enter()
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn leave<T, B: AnyBody<T> + ?Sized>(polling: &mut Polling<'_, '_, B>, outer: Outer) {
    polling.polled.as_mut().adopted().leave(outer);
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn ready<T, B: End + ?Sized>(
    polling: &mut Polling<'_, '_, B>,
    outer: Outer,
    polled: &mut Result<Poll<T>, Payload>,
) -> Poll<Exit<T>> {
    Poll::Ready(end(polling.polled.as_mut(), outer, polled))
}

/// Drops a future that has ended.
///
/// It takes the result by reference, because a debug build would have a second one in the frame of the poll.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn end<T, B: End + ?Sized>(
    body: Pin<&mut B>,
    outer: Outer,
    polled: &mut Result<Poll<T>, Payload>,
) -> Exit<T> {
    let outcome = match mem::replace(polled, Ok(Poll::Pending)) {
        Ok(Poll::Ready(value)) => Outcome::Returned(value),
        Ok(Poll::Pending) => abort(&"a body that is pending has not ended"),
        Err(payload) => Outcome::Panicked(payload),
    };
    let drop_panic = drop_run(body);
    Exit { outcome, drop_panic, adopted: Adopted::new(outer.end()) }
}

/// Drops a body that is under way. Does the same as [`cancel`], and does not call it: a debug build would have the frames of both on
/// the stack of each level of a nest.
#[cfg_attr(not(debug_assertions), inline(always))]
fn cancel_running<T, B: AnyBody<T> + ?Sized>(polling: &mut Polling<'_, '_, B>) -> Poll<Exit<T>> {
    let key = take_key(polling);
    let outside = Dropping::begin();
    let dropped = caught_end(&mut polling.polled);
    ready_cancelled(dropped, outside, key)
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn take_key<T, B: AnyBody<T> + ?Sized>(polling: &mut Polling<'_, '_, B>) -> GroupKey {
    polling.polled.as_mut().adopted().take()
}

/// Drops code of the user, and catches the panic of that drop.
#[inline(always)]
fn caught_end<B: End + ?Sized>(body: &mut Pin<&mut B>) -> Result<(), Payload> {
    let body = Asserted(body);
    catch_asserted(move || body.into_inner().as_mut().end())
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn ready_cancelled<T>(dropped: Result<(), Payload>, outside: Dropping, key: GroupKey) -> Poll<Exit<T>> {
    Poll::Ready(cancelled(dropped, outside, key))
}

/// Drops a body that is under way, and whose key was taken.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn cancel<T, B: End + ?Sized>(mut body: Pin<&mut B>, key: GroupKey) -> Exit<T> {
    let outside = Dropping::begin();
    let dropped = caught_end(&mut body);
    cancelled(dropped, outside, key)
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn cancelled<T>(dropped: Result<(), Payload>, outside: Dropping, key: GroupKey) -> Exit<T> {
    Exit { outcome: Outcome::Cancelled, drop_panic: dropped.err(), adopted: outside.end(key) }
}

/// Drops code of the user, and returns the panic of that drop.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn drop_run<B: End + ?Sized>(mut body: Pin<&mut B>) -> Option<Payload> {
    caught_end(&mut body).err()
}
