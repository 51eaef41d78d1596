//! Several cleanups in one scope.

use alloc::{boxed::Box, vec::Vec};
use core::{
    convert::Infallible,
    fmt,
    future::{Future, IntoFuture},
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::{
    cleanup::{Accepts, Awaited, Cleanup, CleanupValue, InPlace},
    failure::{self, FailureKind},
    handler::Explain,
    handoff::{self, BoxFuture, Chain, Job, Task},
    unwind::{Payload, catch},
};

/// Cleanups that are added one by one and run in reverse order: what was acquired last is released first.
///
/// All of them run, even if some fail. The first failure is what [`close`](Scope::close) gives, and the others go to the
/// failure hook. One starts when the one before it has ended.
///
/// A scope that is dropped, by an early return, a panic or a cancellation, runs what needs no awaiting inside the drop
/// until it comes to one that does; from there on the rest is handed off as one. A `close` that is dropped half-way goes on
/// from where it stood.
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
pub struct Scope<E = Infallible>
where
    E: fmt::Debug + Send + 'static,
{
    closing: Closing<E>,
}

impl<E: fmt::Debug + Send + 'static> Scope<E> {
    /// A scope without cleanups. Failures of cleanups become an `E` by `From`; the default, for those that cannot
    /// fail, is [`Infallible`].
    #[track_caller]
    pub const fn new() -> Self {
        Self {
            closing: Closing {
                deferred: Vec::new(),
                current: None,
                first: Ok(Ok(())),
                location: Location::caller(),
            },
        }
    }

    /// Adds a cleanup, which runs before those that were added before it.
    pub fn defer<H, C, M>(&mut self, handler: H)
    where
        H: FnOnce() -> C + Send + 'static,
        C: Defer<M, E>,
    {
        self.closing.deferred.push(Box::new(move || handler().begin()));
    }

    /// Runs the cleanups, the last one first. A panic among them goes on to the caller if it is the first failure.
    ///
    /// Never polled, it does what a drop of the scope does.
    ///
    /// # Errors
    ///
    /// The first failure.
    pub fn close(mut self) -> Close<E> {
        let location = self.closing.location;
        let closing = mem::replace(&mut self.closing, Closing::ended(location));
        Close { closing }
    }
}

impl<E: fmt::Debug + Send + 'static> Default for Scope<E> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<E: fmt::Debug + Send + 'static> fmt::Debug for Scope<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scope").field("deferred", &self.closing.deferred.len()).finish()
    }
}

impl<E: fmt::Debug + Send + 'static> Drop for Scope<E> {
    fn drop(&mut self) {
        self.closing.leave();
    }
}

/// What [`Scope::close`] returns.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Close<E>
where
    E: fmt::Debug + Send + 'static,
{
    closing: Closing<E>,
}

/// What is awaited is pinned in boxes of its own.
impl<E: fmt::Debug + Send + 'static> Unpin for Close<E> {}

impl<E: fmt::Debug + Send + 'static> Future for Close<E> {
    type Output = Result<(), E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        match ready!(self.closing.poll(context)) {
            Ok(result) => Poll::Ready(result),
            Err(payload) => payload.resume(),
        }
    }
}

impl<E: fmt::Debug + Send + 'static> Drop for Close<E> {
    fn drop(&mut self) {
        self.closing.leave();
    }
}

impl<E: fmt::Debug + Send + 'static> fmt::Debug for Close<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Close").field("deferred", &self.closing.deferred.len()).finish()
    }
}

type Begin<E> = Box<dyn FnOnce() -> Begun<E> + Send>;
type Awaiting<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

/// A cleanup of a scope that was called.
pub enum Begun<E> {
    Ended(Result<(), E>),
    Awaiting(Awaiting<E>),
}

/// What a cleanup of a scope whose error is `E` may evaluate to.
pub trait Defer<Marker, E>: Cleanup<Marker> {
    fn begin(self) -> Begun<E>;
}

impl<V, E> Defer<InPlace, E> for V
where
    V: CleanupValue,
    Result<(), E>: Accepts<V>,
{
    fn begin(self) -> Begun<E> {
        Begun::Ended(result_of(self))
    }
}

impl<F, E> Defer<Awaited, E> for F
where
    F: IntoFuture<IntoFuture: Send + 'static>,
    F::Output: CleanupValue,
    Result<(), E>: Accepts<F::Output>,
    E: 'static,
{
    fn begin(self) -> Begun<E> {
        let future = self.into_future();
        Begun::Awaiting(Box::pin(async move { result_of(future.await) }))
    }
}

fn result_of<V, E>(value: V) -> Result<(), E>
where
    Result<(), E>: Accepts<V>,
{
    Accepts::from_cleanup(value).unwrap_or(Ok(()))
}

/// The cleanups that are left, on their way.
struct Closing<E> {
    deferred: Vec<Begin<E>>,
    current: Option<Awaiting<E>>,
    /// How the first one failed, if one did.
    first: Result<Result<(), E>, Payload>,
    location: &'static Location<'static>,
}

impl<E: fmt::Debug + Send + 'static> Closing<E> {
    const fn ended(location: &'static Location<'static>) -> Self {
        Self { deferred: Vec::new(), current: None, first: Ok(Ok(())), location }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Result<(), E>, Payload>> {
        loop {
            self.run_in_place();
            let Some(current) = &mut self.current else {
                return Poll::Ready(mem::replace(&mut self.first, Ok(Ok(()))));
            };
            let ended = match catch(|| current.as_mut().poll(context)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(result)) => Ok(result),
                Err(payload) => Err(payload),
            };
            let current = self.current.take();
            let dropped = catch(|| drop(current));
            self.note(ended);
            self.note(dropped.map(Ok));
        }
    }

    /// Runs what needs no awaiting, until something does.
    fn run_in_place(&mut self) {
        while self.current.is_none() {
            let Some(begin) = self.deferred.pop() else { return };
            match catch(begin) {
                Ok(Begun::Awaiting(future)) => self.current = Some(future),
                Ok(Begun::Ended(result)) => self.note(Ok(result)),
                Err(payload) => self.note(Err(payload)),
            }
        }
    }

    /// Keeps the first failure, and reports the others.
    fn note(&mut self, ended: Result<Result<(), E>, Payload>) {
        if matches!(self.first, Ok(Ok(()))) {
            self.first = ended;
        } else {
            self.report(ended);
        }
    }

    fn report(&self, ended: Result<Result<(), E>, Payload>) {
        match ended {
            Ok(result) => {
                if let Some(text) = result.explain() {
                    failure::report(FailureKind::CleanupFailed, text, self.location);
                }
            }
            Err(payload) => failure::report_panic(FailureKind::CleanupPanicked, payload, self.location),
        }
    }

    /// Nobody waits any more.
    fn leave(&mut self) {
        let first = mem::replace(&mut self.first, Ok(Ok(())));
        self.report(first);
        self.run_in_place();
        let first = mem::replace(&mut self.first, Ok(Ok(())));
        self.report(first);
        if self.current.is_none() {
            return;
        }
        let location = self.location;
        let mut rest = mem::replace(self, Self::ended(location));
        let cleanup = core::future::poll_fn(move |context| {
            rest.poll(context).map(|ended| ended.unwrap_or_else(|payload| payload.resume()))
        });
        let task: BoxFuture = Box::pin(Task::new(cleanup, Explain::explain, location));
        let mut chain = Chain::new();
        chain.push(Job::new(task, location));
        handoff::hand_off(chain);
    }
}
