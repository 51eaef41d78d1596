//! A value with a cleanup of its own, acquired in the middle of a function.

use core::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    panic::Location,
};

use crate::{
    cleanup::{Cleanup, Detach, InPlace, Strategy},
    diagnostics::Admits,
    engine::{
        driver::HoldingDriver,
        ending::Ending,
        exit::{Exit, Outcome},
    },
    methods::handler::{self, Explain},
};

/// Wraps `value` so that `handler` is called with it when the guard is released or dropped.
///
/// [`Guard::release`] awaits the cleanup. A drop of the guard, by a return, a `?`, a panic or a cancellation, calls the
/// handler at once, on the thread that drops. A future returned by the handler is not polled in the drop; it is handed off as
/// for a cancelled [`finally`](crate::FinallyExt::finally). So it is `Send + 'static`, or wrapped in
/// [`block_on_cancel`](crate::block_on_cancel) or [`skip_on_cancel`](crate::skip_on_cancel). [`Guard::disarm`] returns the
/// value without the cleanup.
///
/// `release` returns the cleanup's error. In a drop the error goes to the failure hook, so it is `Debug + 'static`. A failure
/// never makes the drop panic.
///
/// Guards that are declared in one body are siblings: on a cancellation their cleanups run side by side. Use a
/// [`Scope`](crate::Scope) for cleanups that run in order.
///
/// Do not await between the acquisition of a resource and the call of `guard`: a cancellation there leaves the resource without a
/// cleanup. [`acquire`](fn@crate::acquire) closes that gap.
///
/// # Examples
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
    I: GuardStrategy<T, H>, // own what it uses, with `async move`, or return `block_on_cancel(..)`
{
    Guard::new(value, handler, Location::caller())
}

/// Decides how a handler takes a value and cleans it up, by the marker of its cleanup. See
/// [`FutureStrategy`](crate::methods::handler::FutureStrategy) for why it is the marker's.
pub trait GuardStrategy<T, H> {
    type Value: Explain;
    type Ending: Ending<Output = Self::Value>;

    /// Calls the handler for an owner that awaits the cleanup.
    fn release(handler: H, value: T, location: &'static Location<'static>) -> Self::Ending;

    /// Calls the handler for an owner that has left.
    fn abandon(handler: H, value: T, location: &'static Location<'static>);
}

impl<T, M, H, C, I, D, V> GuardStrategy<T, H> for M
where
    H: FnOnce(T) -> C,
    C: Cleanup<M, Value = V, Work = I, Detached = D>,
    I: Detach<M, D>,
    D: Strategy<M, V>,
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
        D::settle(started, exit, handler::rules(location))
    }

    fn abandon(handler: H, value: T, location: &'static Location<'static>) {
        let mut exit = Exit::new(Outcome::<V>::Cancelled);
        let started = exit.adopted.polling(|| handler(value).into_work().detached());
        D::settle(started, exit, handler::rules(location)).abandon();
    }
}

/// A value with a cleanup, which derefs to the value. See [`guard`](guard()).
///
/// The functions are associated ones, as in `Guard::release(guard)`, so that they do not shadow methods of the value. A guard
/// is `Send`, `Sync` and `Unpin` if the value and the handler are. It can be a field if the handler's type can be named. The
/// third parameter is the kind of the cleanup: [`InPlace`], which is the default, or [`Awaited`](crate::types::Awaited), for
/// example.
///
/// # Examples
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
#[doc(alias = "scopeguard")]
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

    /// Runs the cleanup in the task of the caller, and returns its value: `()` or its `Result`.
    ///
    /// # Errors
    ///
    /// Returns the error of the cleanup.
    ///
    /// # Panics
    ///
    /// Panics if the cleanup does, with the same payload.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future before its first poll is the same as dropping the guard. If it is dropped later, the
    /// cleanup continues elsewhere, from where it stood, and its failure goes to the failure hook.
    ///
    /// # Examples
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
        HoldingDriver::new(async move {
            // The guard stays armed until here, which is the first poll.
            let (value, handler) = this.armed.take().unwrap_or_else(|| unreachable!("{TAKEN}"));
            M::release(handler, value, location)
        })
        .await
    }

    /// Returns the value without running the cleanup. The handler is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::{Guard, guard};
    ///
    /// let draft = guard(String::from("draft"), |text| println!("{text} is thrown away"));
    /// assert_eq!(Guard::disarm(draft), "draft");
    /// ```
    #[doc(alias = "into_inner")]
    pub fn disarm(mut this: Self) -> T {
        let (value, _) = this.armed.take().unwrap_or_else(|| unreachable!("{TAKEN}"));
        value
    }
}

/// The reason why the value is there whenever it is taken.
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
