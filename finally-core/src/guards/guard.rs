//! A value with a cleanup of its own, acquired in the middle of a function.

use core::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    panic::Location,
};

use crate::{
    cleanup::{Cleanup, Detach, DetachMode, InPlace, Strategy},
    diagnostics::Admits,
    engine::{
        ending::Ending,
        exit::{Exit, Outcome},
        guard::HoldingGuard,
    },
    methods::handler::{self, Explain},
};

/// Guards a value: `handler` gets it back at the end, whatever the end is.
///
/// The end is [`Guard::release`], which awaits the cleanup, or a drop of the guard: by a return, a `?`, a panic, or a
/// cancellation. In a drop the handler is called at once, on the thread that drops; what it gives to be awaited is not polled
/// there but handed off, as that of a cancelled [`finally`](crate::FinallyExt::finally) is. So it has to be `Send + 'static`,
/// or go into [`block_on_cancel`](crate::block_on_cancel) or [`skip_on_cancel`](crate::skip_on_cancel).
/// [`Guard::disarm`] gives the value back without it.
///
/// A failure of the cleanup is what `release` gives. In a drop it goes to the failure hook, for which the error has to be
/// `Debug` and `'static`, and never makes the drop panic.
///
/// Guards that are declared in one body are siblings: on a cancellation their cleanups run side by side. Use a
/// [`Scope`](crate::Scope) for cleanups that run in order.
///
/// Between the moment when a resource is there and the call of `guard` there must be no await, or a cancellation in
/// between leaves it without a cleanup. [`acquire`](fn@crate::acquire) closes that gap.
///
/// ```
/// use finally::{Guard, guard};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut names = guard(vec!["Ada"], |names| println!("{} names", names.len()));
/// names.push("Grace");
/// assert_eq!(names.len(), 2);
/// Guard::release(names).await;
///
/// let kept = guard(1, |_| println!("not printed"));
/// assert_eq!(Guard::disarm(kept), 1);
/// # });
/// ```
#[track_caller]
pub fn guard<T, H, C, M, K, I>(value: T, handler: H) -> Guard<T, H, I>
where
    H: FnOnce(T) -> C,
    C: Cleanup<M>,
    M: Admits<C, C::Value, K, Marker = I>, // a future is `Send`, or goes into `block_on_cancel(..)`
    I: GuardStrategy<T, H>,
{
    Guard::new(value, handler, Location::caller())
}

/// What a marker stands for: how a handler whose cleanup it marks takes a value and cleans it up. See
/// [`FutureStrategy`](crate::methods::handler::FutureStrategy) for why it is the marker's.
pub trait GuardStrategy<T, H> {
    type Value: Explain;
    type Ending: Ending<Output = Self::Value>;

    /// For an owner that waits for it.
    fn release(handler: H, value: T, location: &'static Location<'static>) -> Self::Ending;

    /// For an owner that has left.
    fn abandon(handler: H, value: T, location: &'static Location<'static>);
}

impl<T, M, H, C, I, D, V> GuardStrategy<T, H> for M
where
    H: FnOnce(T) -> C,
    C: Cleanup<M, Value = V, Work = I>,
    M: DetachMode<I, V, Detached = D>,
    I: Detach<M, D>,
    D: Strategy<M, V, V>,
    V: Explain,
{
    type Value = V;
    type Ending = D::Ending<V>;

    fn release(handler: H, value: T, location: &'static Location<'static>) -> D::Ending<V> {
        let Some(success) = V::success() else {
            // It panics, in the owner's own name.
            drop(handler(value));
            unreachable!("a cleanup without a value never returns")
        };
        let mut exit = Exit::new(Outcome::Returned(success));
        let started = exit.adopted.polling(|| handler(value).into_work().detached());
        D::settle(started, exit, handler::texts(location))
    }

    fn abandon(handler: H, value: T, location: &'static Location<'static>) {
        let mut exit = Exit::new(Outcome::Cancelled);
        let started = exit.adopted.polling(|| handler(value).into_work().detached());
        D::settle(started, exit, handler::texts(location)).abandon();
    }
}

/// A value with a cleanup, see [`guard`](guard()). Derefs to the value.
///
/// Its functions are called as `Guard::release(guard)`, so that they hide nothing of the value's. It is `Send`, `Sync` and
/// `Unpin` where the value and the handler are. With a nameable handler it can stand in a struct; the third parameter tells
/// whether the cleanup is evaluated in place, which is the default, or [`Awaited`](crate::types::Awaited).
///
/// ```
/// use finally::{Guard, guard};
///
/// struct Session {
///     file: Guard<String, fn(String)>,
/// }
///
/// let session = Session { file: guard(String::from("lock"), |file| println!("{file} is removed")) };
/// assert_eq!(session.file.len(), 4);
/// ```
#[must_use = "a guard that is dropped at once cleans up at once"]
pub struct Guard<T, H, M = InPlace>
where
    M: GuardStrategy<T, H>,
{
    /// Taken when it ends.
    armed: Option<(T, H)>,
    location: &'static Location<'static>,
    marker: PhantomData<fn() -> M>,
}

impl<T, H, M> Guard<T, H, M>
where
    M: GuardStrategy<T, H>,
{
    pub(crate) const fn new(value: T, handler: H, location: &'static Location<'static>) -> Self {
        Self { armed: Some((value, handler)), location, marker: PhantomData }
    }

    /// Cleans up, and awaits that in the task of the caller. Gives what the cleanup evaluates to: `()` or its `Result`.
    ///
    /// Cancelled before its first poll, it cleans up as a drop of the guard does. Cancelled later, the cleanup goes on
    /// elsewhere from where it stood, and its failure goes to the failure hook. A panic of the cleanup goes on to the caller.
    ///
    /// ```
    /// use finally::{Guard, guard};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let file = guard("no such file", async |path: &str| std::fs::remove_file(path));
    /// assert!(Guard::release(file).await.is_err());
    /// # });
    /// ```
    pub async fn release(mut this: Self) -> M::Value {
        let location = this.location;
        HoldingGuard::new(async move {
            // The guard stays armed until here, which is the first poll.
            let (value, handler) = this.armed.take().unwrap_or_else(|| unreachable!("{TAKEN}"));
            M::release(handler, value, location)
        })
        .await
    }

    /// Gives the value back, and cleans nothing up. The handler is dropped.
    ///
    /// ```
    /// use finally::{Guard, guard};
    ///
    /// let draft = guard(String::from("draft"), |text| println!("{text} is thrown away"));
    /// assert_eq!(Guard::disarm(draft), "draft");
    /// ```
    pub fn disarm(mut this: Self) -> T {
        let (value, _) = this.armed.take().unwrap_or_else(|| unreachable!("{TAKEN}"));
        value
    }
}

/// What each way of taking the value apart relies on.
const TAKEN: &str = "a guard is armed until it is released, disarmed or dropped";

impl<T, H, M> Deref for Guard<T, H, M>
where
    M: GuardStrategy<T, H>,
{
    type Target = T;

    fn deref(&self) -> &T {
        let (value, _) = self.armed.as_ref().unwrap_or_else(|| unreachable!("{TAKEN}"));
        value
    }
}

impl<T, H, M> DerefMut for Guard<T, H, M>
where
    M: GuardStrategy<T, H>,
{
    fn deref_mut(&mut self) -> &mut T {
        let (value, _) = self.armed.as_mut().unwrap_or_else(|| unreachable!("{TAKEN}"));
        value
    }
}

impl<T, H, M> Drop for Guard<T, H, M>
where
    M: GuardStrategy<T, H>,
{
    fn drop(&mut self) {
        if let Some((value, handler)) = self.armed.take() {
            M::abandon(handler, value, self.location);
        }
    }
}

impl<T: fmt::Debug, H, M> fmt::Debug for Guard<T, H, M>
where
    M: GuardStrategy<T, H>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Guard").field(&**self).finish()
    }
}
