//! Cleanups that may borrow and be `!Send`, as values: what `on_cancel = block`, `skip` and `(..)` are for the attribute.

use core::future::{Future, IntoFuture};

#[cfg(feature = "std")]
use crate::settle::{Blocking as Blocks, Unsettled};
use crate::{
    check::Admits,
    cleanup::{Accepts, Cleanup, CleanupValue},
    handler::Concludes,
    outcome::Exit,
    settle::{Awaiting, Detach, Detaches, Ends, Replacement, Replacing, Rules, Settles, Skipping, Texts},
    unwind::Payload,
};

/// A cleanup that is driven to its end inside the drop of whoever cancels it.
///
/// It may borrow and be `!Send`, because it moves nowhere. On a value and a panic it is awaited in the same task, as any
/// other. On cancellation the thread that drops polls it until its end, and the drop takes as long as that. Its failure there
/// goes to the failure hook, its panic too. It is boxed when the body ends.
///
/// On a tokio multi-thread runtime the other tasks of the thread move to another worker meanwhile. If waiting would deadlock,
/// the cleanup is polled once, without the budget of the task, and reported as lost if that is not its end:
///
/// * on a tokio current-thread runtime, and in a `LocalSet`. In a `LocalSet` on a multi-thread runtime, tokio's own panic
///   message is printed for a cleanup that has not ended at its first poll, because tokio offers no other way to ask;
/// * on a runtime that is shutting down, also if it begins to while the drop waits.
///
/// On any other executor the drop waits. On one that runs all of its tasks on this thread, such as `LocalPool` of `futures`, a
/// cleanup that waits for one of these tasks never ends.
///
/// It is what a handler of a method or a [`guard`](crate::guard()) gives, or the cleanup of an attribute. A
/// [`Scope`](crate::Scope) does not take it.
///
/// ```
/// use finally::{FinallyExt, block_on_cancel};
///
/// async fn release(lock: &str) {
///     println!("{lock} is free");
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let lock = String::from("lock");
/// let length = async { lock.len() }.finally(|| block_on_cancel(release(&lock))).await;
/// assert_eq!(length, 4);
/// # });
/// ```
#[cfg(feature = "std")]
pub const fn block_on_cancel<F: IntoFuture>(cleanup: F) -> BlockOnCancel<F> {
    BlockOnCancel(cleanup)
}

/// A cleanup that is not awaited on cancellation, and ends where it is when it is cancelled itself.
///
/// It may borrow and be `!Send`, because it moves nowhere, and is not boxed. On a value and a panic it is awaited in the
/// same task, as any other. On cancellation it is dropped where it is, unpolled or half-way. The handler that makes it is
/// called on every fate.
///
/// It is what a handler of a method or a [`guard`](crate::guard()) gives, or the cleanup of an attribute. A
/// [`Scope`](crate::Scope) does not take it.
///
/// ```
/// use finally::{FinallyExt, skip_on_cancel};
///
/// async fn flush(log: &str) {
///     println!("{log} is on disk");
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let log = String::from("log");
/// let length = async { log.len() }.finally(|| skip_on_cancel(flush(&log))).await;
/// assert_eq!(length, 3);
/// # });
/// ```
pub const fn skip_on_cancel<F: IntoFuture>(cleanup: F) -> SkipOnCancel<F> {
    SkipOnCancel(cleanup)
}

/// Replaces a cleanup by another one on cancellation.
///
/// On a value, an error and a panic `cleanup` is awaited in the same task. It may borrow and be `!Send`, because it moves nowhere,
/// and is not boxed. On cancellation it is dropped where it is, unpolled or half-way, and `replacement` is called inside the drop.
/// It evaluates to `()`, to a `Result<(), E>`, or to a future of one of them, which is handed off and so is `Send + 'static`. The
/// failure of a replacement goes to the failure hook.
///
/// Return it from a handler of a method or a [`guard`](crate::guard()), or use it as the cleanup of an attribute. A
/// [`Scope`](crate::Scope) does not accept it. The handler that makes it is called on every fate.
///
/// The two are there at the same time, so `replacement` cannot take what `cleanup` borrows. With `on_cancel = (..)`, the option
/// of the attribute and of the block, it can.
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
    M: Admits<C, C::Value, K, Itself = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
    I: Concludes<C::Value, R>,
{
    ReplaceOnCancel { cleanup, replacement: Replacement::new::<C::Value, I>(replacement) }
}

/// What [`block_on_cancel`] returns: not a future, but something that a handler evaluates to.
#[cfg(feature = "std")]
#[derive(Debug)]
#[must_use = "a cleanup is awaited by what it is the cleanup of"]
pub struct BlockOnCancel<F>(F);

/// What [`skip_on_cancel`] returns: not a future, but something that a handler evaluates to.
#[derive(Debug)]
#[must_use = "a cleanup is awaited by what it is the cleanup of"]
pub struct SkipOnCancel<F>(F);

/// The value that [`replace_on_cancel`] returns: not a future, but something that a handler evaluates to.
#[derive(Debug)]
#[must_use = "a cleanup is awaited by what it is the cleanup of"]
pub struct ReplaceOnCancel<F, R> {
    cleanup: F,
    replacement: Replacement<R>,
}

/// Marks a cleanup that [`block_on_cancel`] made, in the third parameter of a [`Finally`](crate::Finally) or a
/// [`Guard`](crate::Guard).
#[cfg(feature = "std")]
#[derive(Debug)]
pub enum Blocking {}

/// Marks a cleanup that [`skip_on_cancel`] made, in the third parameter of a [`Finally`](crate::Finally) or a
/// [`Guard`](crate::Guard).
#[derive(Debug)]
pub enum Skippable {}

/// Marks a cleanup that [`replace_on_cancel`] made, in the third parameter of a [`Finally`](crate::Finally) or a
/// [`Guard`](crate::Guard).
#[derive(Debug)]
pub enum Replaceable {}

#[cfg(feature = "std")]
#[diagnostic::do_not_recommend]
impl<F> Cleanup<Blocking> for BlockOnCancel<F>
where
    F: IntoFuture<Output: CleanupValue>,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Itself = BlockOnCancel<F::IntoFuture>;

    fn itself(self) -> Self::Itself {
        BlockOnCancel(self.0.into_future())
    }

    fn into_future(self) -> F::IntoFuture {
        self.0.into_future()
    }
}

#[cfg(feature = "std")]
impl<F> Detach<Blocking, Self> for BlockOnCancel<F> {
    fn detached(self) -> Self {
        self
    }
}

#[cfg(feature = "std")]
impl<I, V> Detaches<I, V> for Blocking {
    type Detached = I;
}

#[cfg(feature = "std")]
impl<F: Future> Ends<Blocking> for BlockOnCancel<F> {
    type Ending<T> = Unsettled<T, Blocks<F>>;
}

#[cfg(feature = "std")]
impl<F, T, V> Settles<Blocking, T, V> for BlockOnCancel<F>
where
    F: Future<Output = V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    fn settle(started: Result<Self, Payload>, exit: Exit<T>, texts: Texts<T, V>) -> Self::Ending<T> {
        let cleanup = started.map(|cleanup| Blocks::new(cleanup.0, None, &texts));
        Unsettled::new(cleanup, exit, Rules::new(texts))
    }
}

#[diagnostic::do_not_recommend]
impl<F> Cleanup<Skippable> for SkipOnCancel<F>
where
    F: IntoFuture<Output: CleanupValue>,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Itself = SkipOnCancel<F::IntoFuture>;

    fn itself(self) -> Self::Itself {
        SkipOnCancel(self.0.into_future())
    }

    fn into_future(self) -> F::IntoFuture {
        self.0.into_future()
    }
}

impl<F> Detach<Skippable, Self> for SkipOnCancel<F> {
    fn detached(self) -> Self {
        self
    }
}

impl<I, V> Detaches<I, V> for Skippable {
    type Detached = I;
}

impl<F: Future> Ends<Skippable> for SkipOnCancel<F> {
    type Ending<T> = Awaiting<Skipping<T, F>>;
}

impl<F, T, V> Settles<Skippable, T, V> for SkipOnCancel<F>
where
    F: Future<Output = V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    fn settle(started: Result<Self, Payload>, exit: Exit<T>, texts: Texts<T, V>) -> Self::Ending<T> {
        Awaiting::new(Skipping::new(started.map(|cleanup| Some(cleanup.0)), exit, Rules::new(texts)))
    }
}

#[diagnostic::do_not_recommend]
impl<F, R> Cleanup<Replaceable> for ReplaceOnCancel<F, R>
where
    F: IntoFuture<Output: CleanupValue>,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Itself = ReplaceOnCancel<F::IntoFuture, R>;

    fn itself(self) -> Self::Itself {
        ReplaceOnCancel { cleanup: self.cleanup.into_future(), replacement: self.replacement }
    }

    fn into_future(self) -> F::IntoFuture {
        self.cleanup.into_future()
    }
}

#[diagnostic::do_not_recommend]
impl<F, R> Detach<Replaceable, Self> for ReplaceOnCancel<F, R> {
    fn detached(self) -> Self {
        self
    }
}

impl<I, V> Detaches<I, V> for Replaceable {
    type Detached = I;
}

impl<F: Future, R> Ends<Replaceable> for ReplaceOnCancel<F, R> {
    type Ending<T> = Awaiting<Replacing<T, F, R>>;
}

#[diagnostic::do_not_recommend]
impl<F, R, T, V> Settles<Replaceable, T, V> for ReplaceOnCancel<F, R>
where
    F: Future<Output = V>,
    V: CleanupValue,
    T: Accepts<V>,
{
    fn settle(started: Result<Self, Payload>, exit: Exit<T>, texts: Texts<T, V>) -> Self::Ending<T> {
        let (cleanup, replacement) = match started {
            Ok(Self { cleanup, replacement }) => (Ok(Some(cleanup)), Some(replacement)),
            Err(payload) => (Err(payload), None),
        };
        let cleanup = Skipping::new(cleanup, exit, Rules::new(texts));
        Awaiting::new(Replacing::new(cleanup, replacement))
    }
}
