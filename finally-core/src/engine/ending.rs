//! A body that has ended together with its cleanup, which may have to be awaited.

use core::{
    convert::Infallible,
    future::Future,
    marker::PhantomData,
    panic::{Location, UnwindSafe},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    engine::{
        armed::Arm,
        aside::Cancellation,
        body::{self, Run},
        driver::HoldingDriver,
        exclusive::Exclusive,
        signal,
        unwind::Payload,
        verdict::{Texts, Verdict},
    },
    handoff::Adopted,
};

/// The end of a coroutine: its body's exit together with its cleanup.
pub trait Ending: Sized {
    type Output;
    /// The part that a driver holds while it awaits the cleanup. It holds no output if nothing is awaited, because a future that
    /// holds a `T` is `Send` only if `T` is.
    type Held: PollEnding<Output = Self::Output>;
    /// The future that drives such a coroutine. If nothing is awaited after the coroutine, it needs no place for that, and
    /// costs the compiler half.
    type Driver<C: Future<Output = Self>>: Future<Output = Self::Output> + Arm;

    fn driver<C: Future<Output = Self>>(coroutine: C) -> Self::Driver<C>;

    /// Polls the cleanup for the first time, or puts it in its place if it has to be there for that.
    fn poll_first<P: Hold<Self::Held> + ?Sized>(
        self,
        context: &mut Context<'_>,
        place: Pin<&mut P>,
    ) -> FirstPoll<Self::Output>;

    /// Ends without a caller. Resumes a panic out of the drop of the body.
    fn abandon(self);
}

/// The place of a cleanup that is awaited.
pub trait Hold<H> {
    /// Puts the cleanup there.
    fn hold(self: Pin<&mut Self>, held: H);
}

/// How the first poll of a cleanup ended.
pub enum FirstPoll<T> {
    /// The caller gets this.
    Ready(T),
    /// The cleanup is in its place, and is to be polled again when it is woken.
    Pending,
    /// The cleanup is in its place, and was not polled yet.
    Held,
}

/// A cleanup that is being awaited. Not a `Future` by that name: a coroutine ends in one, and must not look as if it
/// forgot an `.await`.
pub trait PollEnding {
    type Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict<Self::Output>>;

    /// Ends without a caller: reports the failures that nobody receives, and returns a panic for the drop to resume. Returns
    /// `None` if the caller has the verdict.
    fn leave(self: Pin<&mut Self>) -> Option<Verdict<Self::Output>>;

    /// Returns the location of the `finally`.
    fn location(&self) -> &'static Location<'static>;
}

/// Polls a cleanup, and drops it when it has ended, before its end is delivered.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn poll_cleanup<T, V, C: Run<V> + ?Sized>(
    cleanup: Pin<&mut C>,
    adopted: &mut Adopted,
    texts: &Texts<T, V>,
    context: &mut Context<'_>,
) -> Poll<Result<V, Payload>> {
    let mut key = adopted.take_key();
    let polled = body::run(cleanup, &mut key, context);
    let (polled, left) = match polled {
        Poll::Pending => (Poll::Pending, Adopted::new(key)),
        Poll::Ready(ended) => {
            let (cleaned, left) = ended.into_cleaned(texts);
            (Poll::Ready(cleaned), left)
        }
    };
    *adopted = left;
    polled
}

pin_project! {
    /// A cleanup that is in no box. A coroutine awaits it if it borrows from there, and else the driver does.
    ///
    /// Not a future: a coroutine that ends in one would look as if it forgot an `.await`.
    #[must_use = "a cleanup runs when it is awaited"]
    pub struct Unboxed<H> {
        #[pin]
        held: Exclusive<H>,
    }
}

impl<H> Unboxed<H> {
    #[inline(always)]
    pub(crate) const fn new(held: H) -> Self {
        Self { held: Exclusive::new(held) }
    }

    #[inline(always)]
    pub(crate) fn get(self: Pin<&mut Self>) -> Pin<&mut H> {
        self.project().held.get()
    }
}

impl<H: PollEnding> Ending for Unboxed<H> {
    type Output = H::Output;
    type Held = H;
    type Driver<C: Future<Output = Self>> = HoldingDriver<C>;

    #[inline(always)]
    fn driver<C: Future<Output = Self>>(coroutine: C) -> Self::Driver<C> {
        HoldingDriver::new(coroutine)
    }

    fn poll_first<P: Hold<H> + ?Sized>(
        self,
        _: &mut Context<'_>,
        place: Pin<&mut P>,
    ) -> FirstPoll<H::Output> {
        place.hold(self.held.into_inner());
        FirstPoll::Held
    }

    fn abandon(self) {
        // Its drop does it.
    }
}

/// Awaits a cleanup inside the coroutine, which keeps it in a variable.
///
/// As the operand of an `.await`, the cleanup itself would be moved twice, and a debug build would have it in two more slots of the
/// frame of the coroutine. A deep nest has that frame on its stack once for each level.
#[must_use = "futures do nothing unless they are awaited"]
pub struct AwaitedInCoroutine<'a, H>(pub Pin<&'a mut Unboxed<H>>);

/// Is unwind safe, as the cleanup itself is.
impl<H> UnwindSafe for AwaitedInCoroutine<'_, H> {}

impl<H: PollEnding> Future for AwaitedInCoroutine<'_, H> {
    type Output = Verdict<H::Output>;

    /// Polls the cleanup, unless the driver around is being dropped: no code of the user is polled then.
    ///
    /// A panic is resumed here and not in the driver, so that the arguments which the coroutine owns see it when they are dropped.
    ///
    /// It stays out of line, so that the stack of a deep nest has none of it while a body is polled.
    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict<H::Output>> {
        let mut held = self.0.as_mut().get();
        if !signal::is_cancel(context) {
            return held.poll(context).map(Verdict::or_panic);
        }
        let Some(left) = held.as_mut().leave() else {
            return Poll::Ready(Verdict::set_aside_before());
        };
        if left.may_be_lost() {
            // The driver resumes the coroutine once more.
            left.set_aside(Cancellation::of(context), held.location());
            return Poll::Pending;
        }
        Poll::Ready(left)
    }
}

/// Nothing is awaited.
pub struct NothingToAwait<T>(Infallible, PhantomData<fn() -> T>);

impl<T> PollEnding for NothingToAwait<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Verdict<T>> {
        match self.0 {}
    }

    fn leave(self: Pin<&mut Self>) -> Option<Verdict<T>> {
        match self.0 {}
    }

    fn location(&self) -> &'static Location<'static> {
        match self.0 {}
    }
}
