//! Several cleanups in one scope.

use alloc::{boxed::Box, vec::Vec};
use core::{
    convert::Infallible,
    fmt,
    future::{Future, IntoFuture, poll_fn},
    marker::PhantomData,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    cleanup::{Accepts, Awaited, Cleanup, CleanupValue, InPlace},
    engine::unwind::Payload,
    handoff::{self, Adopted, BoxFuture, GroupKey},
    macros::describe::Describe,
    methods::handler::Explain,
    report::{Reporting, report_cleanup},
};

/// A stack of cleanups, which run in reverse order: the last one added runs first.
///
/// All of them run, even if some fail or panic. [`close`](Scope::close) returns the first failure, and the others go to the
/// failure hook. A cleanup starts when the previous one has ended, together with everything that was cancelled inside it.
///
/// A drop of the scope, by an early return, a panic or a cancellation, runs the cleanups on the thread that drops, up to the
/// first one that awaits. The rest is handed off together, as for a cancelled [`finally`](crate::FinallyExt::finally). So the
/// cleanups are `Send + 'static`. Their failures go to the failure hook, and the drop does not panic.
///
/// # Examples
///
/// ```
/// use finally::Scope;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut scope = Scope::<std::io::Error>::new();
/// scope.defer(|| println!("runs last"));
/// scope.defer(|| async { println!("is awaited before") });
/// scope.defer(|| std::fs::metadata("no such file").map(drop));
/// assert_eq!(scope.close().await.unwrap_err().kind(), std::io::ErrorKind::NotFound);
/// # });
/// ```
#[must_use = "a scope that is dropped at once runs its cleanups at once"]
pub struct Scope<E = Infallible> {
    remaining: Remaining<E>,
}

impl<E: fmt::Debug + Send + 'static> Scope<E> {
    /// Creates a scope without cleanups.
    ///
    /// The errors of cleanups convert into an `E` by `From`. The default is [`Infallible`], for cleanups that cannot fail. An `E`
    /// is `Debug + Send + 'static`, because an error that no caller receives goes to the failure hook, on any thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::Scope;
    ///
    /// let mut scope = Scope::<std::fmt::Error>::new();
    /// scope.defer(|| Ok::<(), std::fmt::Error>(()));
    ///
    /// let mut cannot_fail: Scope = Scope::new();
    /// cannot_fail.defer(|| println!("done"));
    /// ```
    #[track_caller]
    pub const fn new() -> Self {
        Self {
            remaining: Remaining {
                deferred: Vec::new(),
                current: None,
                started: false,
                adopted: Adopted::new(GroupKey::NONE),
                first: Ok(Ok(())),
                explain: Explain::explain,
                detach: Remaining::detach,
                first_location: Location::caller(),
                location: Location::caller(),
            },
        }
    }
}

impl<E> Scope<E> {
    /// Adds a cleanup. It runs before the ones already added.
    ///
    /// The handler evaluates to `()`, to a `Result<(), F>` whose error converts into `E`, or to anything awaitable that
    /// resolves to one of them. The handler and the future are `Send + 'static`, because the scope may have to hand them off.
    /// For the same reason they can neither block nor be skipped on cancellation. A report of a failure names the line of
    /// this call.
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::Scope;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut scope = Scope::<std::io::Error>::new();
    /// let path = std::env::temp_dir().join("finally-scope-defer");
    /// std::fs::write(&path, "text")?;
    /// scope.defer({
    ///     let path = path.clone();
    ///     move || std::fs::remove_file(path)
    /// });
    /// scope.close().await?;
    /// assert!(!path.exists());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[doc(alias = "on_drop")]
    pub fn defer<H, C, M>(&mut self, handler: H)
    where
        H: FnOnce() -> C + Send + 'static, // own what it uses, with `async move`
        C: Cleanup<M>,
        M: ScopeStrategy<C, E>,
    {
        let begin = Box::new(move || M::begin(handler()));
        self.remaining.deferred.push(Deferred { begin, location: Location::caller() });
    }

    /// Runs the cleanups in the task of the caller, the last one first.
    ///
    /// # Errors
    ///
    /// Returns the first failure, if it is an error.
    ///
    /// # Panics
    ///
    /// Panics if the first failure is a panic, with the same payload.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future unpolled is the same as dropping the scope. If it is dropped later, the cleanup that runs
    /// continues elsewhere, and the others follow it. Their failures go to the failure hook.
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::Scope;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut scope = Scope::<&str>::new();
    /// scope.defer(|| println!("runs nevertheless"));
    /// scope.defer(|| Err("the disk is full"));
    /// assert_eq!(scope.close().await, Err("the disk is full"));
    /// # });
    /// ```
    pub fn close(mut self) -> Close<E> {
        Close { remaining: self.remaining.take(), ended: false }
    }
}

impl<E: fmt::Debug + Send + 'static> Default for Scope<E> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<E> fmt::Debug for Scope<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scope").field("deferred", &self.remaining.deferred.len()).finish()
    }
}

impl<E> Drop for Scope<E> {
    fn drop(&mut self) {
        self.remaining.leave();
    }
}

/// The future of the end of a scope, returned by [`Scope::close`].
///
/// # Cancel safety
///
/// If it is dropped before its end, the cleanups continue elsewhere.
///
/// ```
/// use finally::{Close, Scope};
///
/// let mut scope = Scope::<std::io::Error>::new();
/// scope.defer(async || println!("done"));
/// let closing: Close<std::io::Error> = scope.close();
/// # drop(closing);
/// # finally::drain_blocking(None).unwrap();
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Close<E> {
    remaining: Remaining<E>,
    ended: bool,
}

/// The futures are pinned in boxes of their own.
impl<E> Unpin for Close<E> {}

impl<E> Future for Close<E> {
    type Output = Result<(), E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        assert!(!self.ended, "`close` polled after completion");
        let ended = ready!(self.remaining.poll(context));
        self.ended = true;
        match ended {
            Ok(result) => Poll::Ready(result),
            Err(payload) => payload.resume(),
        }
    }
}

impl<E> Drop for Close<E> {
    fn drop(&mut self) {
        self.remaining.leave();
    }
}

impl<E> fmt::Debug for Close<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Close").field("deferred", &self.remaining.deferred.len()).finish()
    }
}

/// A cleanup that was not called yet.
struct Deferred<E> {
    begin: Box<dyn FnOnce() -> Begun<E> + Send>,
    location: &'static Location<'static>,
}

type CleanupFuture<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

/// A cleanup of a scope that was called.
pub enum Begun<E> {
    Ended(Result<(), E>),
    Awaiting(CleanupFuture<E>),
}

/// A kind of cleanup that a [`Scope`] whose error is `E` takes: one that is evaluated in place, or one that is awaited.
///
/// It bounds the marker of a function that is generic over the cleanups of a scope. A future is `Send + 'static`, and an error
/// converts into `E`. The trait is sealed.
///
/// # Examples
///
/// ```
/// use finally::{Scope, types::{Cleanup, ScopeStrategy}};
///
/// fn defer_with_log<E, H, C, M>(scope: &mut Scope<E>, name: &'static str, handler: H)
/// where
///     H: FnOnce() -> C + Send + 'static,
///     C: Cleanup<M>,
///     M: ScopeStrategy<C, E>,
/// {
///     scope.defer(move || {
///         println!("{name}: cleanup");
///         handler()
///     });
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut scope = Scope::<&str>::new();
/// defer_with_log(&mut scope, "one", || Err("the disk is full"));
/// defer_with_log(&mut scope, "two", async || println!("awaited"));
/// assert_eq!(scope.close().await, Err("the disk is full"));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "a cleanup of a scope can neither block nor be skipped on cancellation",
    label = "this is not handed off",
    note = "give `defer` the future itself, which owns what it uses and is `Send`"
)]
pub trait ScopeStrategy<C, E> {
    #[doc(hidden)]
    fn begin(cleanup: C) -> Begun<E>;
}

impl<V, E> ScopeStrategy<V, E> for InPlace
where
    V: CleanupValue + HasPlaceInScope<E>,
{
    fn begin(cleanup: V) -> Begun<E> {
        Begun::Ended(cleanup.into_result())
    }
}

impl<F, V, E> ScopeStrategy<F, E> for Awaited
where
    F: IntoFuture<Output = V, IntoFuture: Send + 'static>, // own what is `Send`
    V: HasPlaceInScope<E>,
    E: 'static,
{
    fn begin(cleanup: F) -> Begun<E> {
        Begun::Awaiting(Box::pin(IntoResult { future: cleanup.into_future(), error: PhantomData }))
    }
}

pin_project! {
    /// The future of a cleanup, with its value converted.
    ///
    /// Not an `async` block: that would drop the future while it holds the value, and a panic of the drop would lose the error.
    struct IntoResult<F, E> {
        #[pin]
        future: F,
        error: PhantomData<fn() -> E>,
    }
}

impl<F, V, E> Future for IntoResult<F, E>
where
    F: Future<Output = V>,
    V: HasPlaceInScope<E>,
{
    type Output = Result<(), E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.project().future.poll(context).map(HasPlaceInScope::into_result)
    }
}

/// A cleanup's value whose failure has a place in a scope whose error is `E`.
#[diagnostic::on_unimplemented(
    message = "the cleanup evaluates to `{Self}`, and a scope whose error is `{E}` has no place for its error",
    label = "no place for the error of the cleanup",
    note = "make it a `Scope` whose error implements `From` for the cleanup's error, or handle the error in the cleanup"
)]
pub trait HasPlaceInScope<E> {
    fn into_result(self) -> Result<(), E>;
}

#[diagnostic::do_not_recommend]
impl<V, E> HasPlaceInScope<E> for V
where
    Result<(), E>: Accepts<V>,
{
    fn into_result(self) -> Result<(), E> {
        Accepts::from_cleanup(self).unwrap_or(Ok(()))
    }
}

/// The cleanups that have not ended.
struct Remaining<E> {
    deferred: Vec<Deferred<E>>,
    current: Option<CleanupFuture<E>>,
    /// Whether the current one was polled.
    started: bool,
    /// The cleanups that were handed off inside a cleanup. Those from its call end before it starts, and the others before the
    /// next one does.
    adopted: Adopted,
    /// How the first one failed, if one did.
    first: Ended<E>,
    first_location: &'static Location<'static>,
    /// Functions in place of bounds: the compiler repeats an error about a bound of a type wherever the type is named.
    explain: Describe<Result<(), E>>,
    detach: fn(Self) -> BoxFuture,
    /// Of the scope, and then of the cleanup that was called last.
    location: &'static Location<'static>,
}

type Ended<E> = Result<Result<(), E>, Payload>;

impl<E: Send + 'static> Remaining<E> {
    fn detach(mut self) -> BoxFuture {
        let location = self.location;
        let cleanup = poll_fn(move |context| self.poll_with(context, Self::report).map(drop));
        Box::pin(Reporting::new(cleanup, |_| None, location))
    }
}

impl<E> Remaining<E> {
    /// Leaves nothing to do.
    const fn take(&mut self) -> Self {
        let nothing = Self {
            deferred: Vec::new(),
            current: None,
            adopted: Adopted::new(GroupKey::NONE),
            first: Ok(Ok(())),
            ..*self
        };
        mem::replace(self, nothing)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Ended<E>> {
        self.poll_with(context, Self::note)
    }

    fn poll_with(&mut self, context: &mut Context<'_>, end: fn(&mut Self, Ended<E>)) -> Poll<Ended<E>> {
        loop {
            if let Some(current) = &mut self.current {
                if !self.started {
                    ready!(self.adopted.poll_end(context));
                    self.started = true;
                }
                let ended = match self.adopted.polling(|| current.as_mut().poll(context)) {
                    Ok(polled) => Ok(ready!(polled)),
                    Err(payload) => Err(payload),
                };
                let current = self.current.take();
                let dropped = self.adopted.polling(|| drop(current));
                end(self, ended);
                end(self, dropped.map(Ok));
            }
            ready!(self.adopted.poll_end(context));
            if !self.begin_next(end) {
                return Poll::Ready(mem::replace(&mut self.first, Ok(Ok(()))));
            }
        }
    }

    /// Calls the next cleanup, if there is one.
    fn begin_next(&mut self, end: fn(&mut Self, Ended<E>)) -> bool {
        let Some(Deferred { begin, location }) = self.deferred.pop() else { return false };
        self.location = location;
        match self.adopted.polling(begin) {
            Ok(Begun::Awaiting(future)) => (self.current, self.started) = (Some(future), false),
            Ok(Begun::Ended(result)) => end(self, Ok(result)),
            Err(payload) => end(self, Err(payload)),
        }
        true
    }

    /// Returns whether the next cleanup has to wait.
    fn is_awaiting(&self) -> bool {
        self.current.is_some() || !self.adopted.has_ended()
    }

    /// Keeps the first failure, and reports the others.
    fn note(&mut self, ended: Ended<E>) {
        if matches!(self.first, Ok(Ok(()))) {
            (self.first, self.first_location) = (ended, self.location);
        } else {
            self.report(ended);
        }
    }

    /// Reports how the cleanup that was called last has failed, if it has.
    fn report(&mut self, ended: Ended<E>) {
        report_cleanup(ended, self.explain, self.location);
    }

    /// Ends without a caller: runs the cleanups up to the first one that awaits, and hands the rest off.
    fn leave(&mut self) {
        let first = mem::replace(&mut self.first, Ok(Ok(())));
        report_cleanup(first, self.explain, self.first_location);
        while !self.is_awaiting() && self.begin_next(Self::report) {}
        if !self.is_awaiting() {
            return;
        }
        let rest = self.take();
        let (detach, location) = (rest.detach, rest.location);
        handoff::hand_off(GroupKey::NONE, detach(rest), location);
    }
}
