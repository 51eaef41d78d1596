//! A cleanup that is awaited where it stands, and that another one replaces when its caller leaves: `on_cancel = (..)`.
//!
//! A coroutine may lend its arguments to the cleanup and give them to the replacement. So it never holds both: it awaits the
//! cleanup, and evaluates the replacement after the cleanup was dropped.

use core::{
    future::{Future, IntoFuture},
    panic::{Location, UnwindSafe},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{
    Cleanup, CleanupValue, Detach, HasEnding, Sealed, Strategy,
    skip::{InlineEnding, Interrupted},
};
use crate::{
    diagnostics::Admits,
    engine::{
        aside::Cancellation,
        driver::Driver,
        ending::{Ending, FirstPoll, Hold, NothingToAwait, PollEnding, Unboxed},
        exit::{Exit, Outcome},
        signal,
        unwind::{Payload, catch},
        verdict::{Rules, Verdict},
    },
    handoff::Adopted,
    methods::handler::FutureStrategy,
};

/// Replaces a cleanup by another one on cancellation.
///
/// On a value, an error and a panic `cleanup` is awaited in the same task. It may borrow and be `!Send`, because it moves
/// nowhere, and is not boxed. On cancellation it is dropped where it is, unpolled or half-way, and `replacement` is called
/// inside the drop. It evaluates to `()`, to a `Result<(), E>`, or to a future of one of them, which is handed off and so is
/// `Send + 'static`. The failure of a replacement goes to the failure hook.
///
/// Return it from a handler of a method or a [`guard`](crate::guard()), or use it as the cleanup of an attribute. A
/// [`Scope`](crate::Scope) does not accept it. The handler that makes it is called on every fate.
///
/// Both exist at the same time, so `replacement` cannot take a value that `cleanup` borrows. With `on_cancel = (..)`, the
/// option of the attribute and of the block, it can.
///
/// # Examples
///
/// ```
/// use finally::{FinallyExt, replace_on_cancel};
///
/// async fn flush(log: &str) {
///     println!("{log} is on disk");
/// }
///
/// async fn discard(log: String) {
///     println!("{log} is thrown away");
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let log = String::from("log");
/// let length = async { log.len() }
///     .finally(|| {
///         let name = log.clone();
///         replace_on_cancel(flush(&log), || discard(name))
///     })
///     .await;
/// assert_eq!(length, 3);
/// # });
/// ```
pub const fn replace_on_cancel<F, R, C, M, K, I>(cleanup: F, replacement: R) -> ReplaceOnCancel<F, R>
where
    F: IntoFuture,
    R: FnOnce() -> C,
    C: Cleanup<M>,
    M: Admits<C, C::Value, K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
    I: FutureStrategy<C::Value, R>,
{
    ReplaceOnCancel { cleanup, replacement: Replacement::new::<C::Value, I>(replacement) }
}

/// A cleanup that is replaced on cancellation, returned by [`replace_on_cancel`]. It is not a future.
#[derive(Debug)]
#[must_use = "a cleanup is awaited by what it is the cleanup of"]
pub struct ReplaceOnCancel<F, R> {
    cleanup: F,
    replacement: Replacement<R>,
}

/// Marks a cleanup of [`replace_on_cancel`] in the third parameter of a [`Finally`](crate::Finally) or a [`Guard`](crate::Guard).
#[derive(Debug)]
pub enum Replaceable {}

#[diagnostic::do_not_recommend]
impl<F, R> Cleanup<Replaceable> for ReplaceOnCancel<F, R>
where
    F: IntoFuture<Output: CleanupValue>,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Work = ReplaceOnCancel<F::IntoFuture, R>;
    type Detached = Self::Work;

    fn into_work(self) -> Self::Work {
        ReplaceOnCancel { cleanup: self.cleanup.into_future(), replacement: self.replacement }
    }

    fn into_future(self) -> F::IntoFuture {
        self.cleanup.into_future()
    }
}

impl<F, R> Sealed<Replaceable> for ReplaceOnCancel<F, R> {}

#[diagnostic::do_not_recommend]
impl<F, R> Detach<Replaceable, Self> for ReplaceOnCancel<F, R> {
    fn detached(self) -> Self {
        self
    }
}

impl<F: Future, R> HasEnding<Replaceable> for ReplaceOnCancel<F, R> {
    type Ending<T> = Unboxed<ReplacementEnding<T, F, R>>;
}

#[diagnostic::do_not_recommend]
impl<F, R, V> Strategy<Replaceable, V> for ReplaceOnCancel<F, R>
where
    F: Future<Output = V>,
    V: CleanupValue,
{
    fn settle<T>(started: Result<Self, Payload>, exit: Exit<T>, rules: Rules<T, V>) -> Self::Ending<T> {
        let (cleanup, replacement) = match started {
            Ok(Self { cleanup, replacement }) => (Ok(Some(cleanup)), Some(replacement)),
            Err(payload) => (Err(payload), None),
        };
        let cleanup = InlineEnding::new(cleanup, exit, rules);
        Unboxed::new(ReplacementEnding::new(cleanup, replacement))
    }
}

/// Awaits a cleanup inside the coroutine, which keeps it in a variable, as
/// [`AwaitedInCoroutine`](crate::engine::ending::AwaitedInCoroutine) does. Resolves to the end of the two, or to the interruption if
/// the replacement is to be evaluated.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Interruptible<'a, T, F: Future>(pub Pin<&'a mut Unboxed<InlineEnding<T, F>>>);

/// Is unwind safe, as the cleanup itself is.
impl<T, F: Future> UnwindSafe for Interruptible<'_, T, F> {}

impl<T, F: Future> Future for Interruptible<'_, T, F> {
    type Output = Result<Verdict<T>, Interruption<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut cleanup = self.0.as_mut().get();
        if !signal::is_cancel(context) {
            return PollEnding::poll(cleanup, context).map(|verdict| Ok(verdict.or_panic()));
        }
        let Some(Interrupted { left, adopted, has_ended }) = cleanup.as_mut().interrupted() else {
            // The driver resumes the coroutine once more, and catches a panic of an argument then.
            cleanup.interrupt();
            return Poll::Pending;
        };
        let (cancellation, location) = (Cancellation::of(context), cleanup.location());
        if has_ended {
            adopted.pass_on();
            return Poll::Ready(Ok(left.before_arguments(cancellation, location)));
        }
        Poll::Ready(Err(Interruption { exit: left.into_exit(adopted), cancellation, location }))
    }
}

/// A cleanup that its caller has left, and whose replacement is to be evaluated.
pub struct Interruption<T> {
    exit: Exit<T>,
    cancellation: Cancellation,
    location: &'static Location<'static>,
}

impl<T> Interruption<T> {
    /// Evaluates the replacement, and starts it before the coroutine returns: a panic of an argument, which is dropped then, must
    /// not lose it.
    pub(crate) fn replace<E: Ending>(
        self,
        replacement: impl FnOnce(Exit<T>) -> InlineOrReplacement<T, E>,
    ) -> Verdict<T> {
        let Self { exit, cancellation, location } = self;
        let mut left = Verdict::of(Outcome::Cancelled);
        left.add_drop_panic(catch(|| replacement(exit).abandon()), location);
        left.before_arguments(cancellation, location)
    }
}

/// How a coroutine ends whose cleanup may be replaced.
pub enum InlineOrReplacement<T, E> {
    /// The cleanup was not replaced.
    No(Verdict<T>),
    /// The replacement's ending. The caller has left, so nobody awaits it.
    By(E),
}

impl<T, E: Ending> Ending for InlineOrReplacement<T, E> {
    type Output = T;
    type Held = NothingToAwait<T>;
    type Driver<C: Future<Output = Self>> = Driver<C>;

    #[inline(always)]
    fn driver<C: Future<Output = Self>>(coroutine: C) -> Self::Driver<C> {
        Driver::new(coroutine)
    }

    fn poll_first<P: Hold<NothingToAwait<T>> + ?Sized>(
        self,
        _: &mut Context<'_>,
        _: Pin<&mut P>,
    ) -> FirstPoll<T> {
        match self {
            Self::No(verdict) => FirstPoll::Ready(verdict.deliver()),
            Self::By(_) => unreachable!("a cleanup is replaced if the caller has left"),
        }
    }

    fn abandon(self) {
        match self {
            Self::No(verdict) => verdict.abandon(),
            Self::By(ending) => ending.abandon(),
        }
    }
}

/// A replacement, as a value.
#[derive(Debug)]
pub struct Replacement<R> {
    handler: R,
    // A function pointer in place of a bound on `R`, which the drop of the future would need as well.
    hand_off: fn(R, Adopted, &'static Location<'static>),
}

impl<R> Replacement<R> {
    /// Makes a replacement from a handler.
    pub(crate) const fn new<T, M: FutureStrategy<T, R>>(handler: R) -> Self {
        Self {
            handler,
            hand_off: |handler, adopted, location| {
                M::conclude(handler, cancelled(adopted), location).abandon();
            },
        }
    }

    /// Makes a replacement from a function that evaluates a cleanup and settles it.
    pub(crate) const fn of<T, E: Ending>(handler: R) -> Self
    where
        R: FnOnce(Exit<T>) -> E,
    {
        Self { handler, hand_off: |handler, adopted, _| handler(cancelled(adopted)).abandon() }
    }
}

const fn cancelled<T>(adopted: Adopted) -> Exit<T> {
    Exit { outcome: Outcome::Cancelled, drop_panic: None, adopted }
}

pin_project! {
    /// Awaits a cleanup. If this future is dropped before the cleanup ends, it evaluates the replacement.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct ReplacementEnding<T, F, R>
    where
        F: Future,
    {
        #[pin]
        cleanup: InlineEnding<T, F>,
        replacement: Option<Replacement<R>>,
    }

    impl<T, F, R> PinnedDrop for ReplacementEnding<T, F, R>
    where
        F: Future,
    {
        fn drop(this: Pin<&mut Self>) {
            if let Some(left) = this.leave() {
                left.abandon();
            }
        }
    }
}

impl<T, F, R> ReplacementEnding<T, F, R>
where
    F: Future,
{
    pub(crate) const fn new(cleanup: InlineEnding<T, F>, replacement: Option<Replacement<R>>) -> Self {
        Self { cleanup, replacement }
    }
}

/// Held by a driver.
impl<T, F, R> PollEnding for ReplacementEnding<T, F, R>
where
    F: Future,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict<T>> {
        let mut this = self.project();
        let verdict = ready!(PollEnding::poll(this.cleanup.as_mut(), context));
        // Its replacement is not needed any more. A panic of its drop must not lose the verdict.
        let dropped = catch(|| *this.replacement = None);
        Poll::Ready(this.cleanup.with_drop_of_cleanup(verdict, dropped))
    }

    fn leave(self: Pin<&mut Self>) -> Option<Verdict<T>> {
        let mut this = self.project();
        this.cleanup.as_mut().interrupt();
        let Interrupted { mut left, adopted, has_ended } = this.cleanup.as_mut().interrupted()?;
        let location = this.cleanup.location();
        // Its handler is code of the user, and so are the values that it has captured.
        let dropped = match this.replacement.take() {
            Some(Replacement { handler, hand_off }) if !has_ended => {
                catch(|| hand_off(handler, adopted, location))
            }
            unused => {
                adopted.pass_on();
                catch(|| drop(unused))
            }
        };
        left.add_drop_panic(dropped, location);
        Some(left)
    }

    fn location(&self) -> &'static Location<'static> {
        self.cleanup.location()
    }
}
