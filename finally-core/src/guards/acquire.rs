//! Acquiring and guarding in one step.

use alloc::boxed::Box;
use core::{
    fmt,
    future::{Future, IntoFuture, poll_fn},
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    cleanup::Cleanup,
    diagnostics::Admits,
    engine::ending::Ending,
    guards::guard::{Guard, GuardStrategy},
    handoff::{self, BoxFuture, GroupKey},
    macros::describe::{Answer, Ask},
    methods::handler::Explain,
    report::Reporting,
};

/// Awaits a resource and guards it in one step, so that no cancellation can come in between.
///
/// The returned future resolves to a [`Guard`]. See [`guard`](crate::guard()) for what happens then.
///
/// The future, its output and the handler are `Send + 'static`. The future is boxed at its first poll.
///
/// A panic of the future propagates to the caller, or is reported to the failure hook if the caller is gone; no cleanup runs.
///
/// # Cancel safety
///
/// If this future is dropped while the acquisition is pending, the acquisition continues in the background and its result is
/// cleaned up immediately: a connection that the server has granted is closed, and a lock is released. An enclosing finally
/// waits for both. An acquisition that never ends counts in [`detached`](crate::detached). If the future was never polled,
/// nothing happens.
///
/// # Examples
///
/// ```
/// use finally::{Guard, acquire};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let connection = acquire(async { "connection" }, |connection| println!("{connection} closed")).await;
/// assert_eq!(connection.len(), 10);
/// Guard::release(connection).await;
/// # });
/// ```
#[track_caller]
pub fn acquire<F, H, C, M, K, I>(future: F, handler: H) -> Acquire<F::IntoFuture, H, Guard<F::Output, H, I>>
where
    F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>,
    H: FnOnce(F::Output) -> C + Send + 'static, // own what it uses, with `async move`
    C: Cleanup<M> + 'static,
    M: Admits<C, C::Value, K, Marker = I>, // a future is `Send`: it may go on elsewhere
    I: GuardStrategy<F::Output, H, Ending: Ending<Held: Send>> + 'static,
{
    Acquire {
        state: State::Unpolled(future.into_future(), handler),
        guard: Guard::new,
        detach: |future, handler, location| {
            let guard = move |value| Guard::<_, _, I>::new(value, handler, location);
            let cleanup = async move { Guard::release(arrival(future, guard).await).await };
            Box::pin(Reporting::new(cleanup, I::Value::explain, location))
        },
        location: Location::caller(),
    }
}

/// Awaits a resource that may fail, and guards it in one step. See [`acquire`].
///
/// # Errors
///
/// Returns the error of the future.
///
/// # Cancel safety
///
/// As for [`acquire`]. An error that comes after a cancellation is dropped and not reported, because there is nothing to
/// clean up. So it may be of any type.
///
/// # Examples
///
/// ```
/// use finally::try_acquire;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let connection = try_acquire(async { Ok::<_, std::io::Error>(1) }, |_| {}).await?;
/// assert_eq!(*connection, 1);
/// # drop(connection);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[allow(clippy::type_complexity, reason = "an alias would hide what it is")]
#[track_caller]
pub fn try_acquire<F, T, E, H, C, M, K, I>(
    future: F,
    handler: H,
) -> Acquire<F::IntoFuture, H, Result<Guard<T, H, I>, E>>
where
    F: IntoFuture<Output = Result<T, E>, IntoFuture: Send + 'static>,
    T: Send + 'static,
    H: FnOnce(T) -> C + Send + 'static, // own what it uses, with `async move`
    C: Cleanup<M> + 'static,
    M: Admits<C, C::Value, K, Marker = I>, // a future is `Send`: it may go on elsewhere
    I: GuardStrategy<T, H, Ending: Ending<Held: Send>> + 'static,
{
    Acquire {
        state: State::Unpolled(future.into_future(), handler),
        guard: |output, handler, location| output.map(|value| Guard::new(value, handler, location)),
        detach: |future, handler, location| {
            let guard = move |value| Guard::<_, _, I>::new(value, handler, location);
            let cleanup = async move {
                match arrival(future, |output: Result<T, E>| output.ok().map(guard)).await {
                    Some(guard) => Some(Guard::release(guard).await),
                    None => None,
                }
            };
            Box::pin(Reporting::new(cleanup, explain_some::<I::Value>, location))
        },
        location: Location::caller(),
    }
}

/// Describes the failure of a cleanup that there may not have been.
fn explain_some<V: Explain>(ask: Ask<'_, Option<V>>) -> Option<Answer> {
    match ask {
        Ask::About(value, detail) => V::explain(Ask::About(value.as_ref()?, detail)),
        Ask::Error(value) => V::explain(Ask::Error(value.as_mut()?)),
    }
}

/// Awaits the resource and guards it, and only then drops the future: a panic of that drop unwinds through the guard. The
/// value of an `.await` would be lost in it (<https://github.com/rust-lang/rust/issues/47949>).
async fn arrival<F: Future, G>(mut future: Pin<Box<F>>, guard: impl FnOnce(F::Output) -> G) -> G {
    let output = poll_fn(|context| future.as_mut().poll(context)).await;
    let guarded = guard(output);
    drop(future);
    guarded
}

/// A future that resolves to a [`Guard`], returned by [`acquire`] and [`try_acquire`].
///
/// It is `Unpin`.
///
/// # Panics
///
/// Panics if it is polled again after its end.
///
/// # Cancel safety
///
/// If it is dropped before its end, the acquisition is handed off, followed by the cleanup.
///
/// # Examples
///
/// The type can be named if its parts can:
///
/// ```
/// use std::future::{Ready, ready};
/// use finally::{Acquire, Guard, acquire};
///
/// type Connecting = Acquire<Ready<u8>, fn(u8), Guard<u8, fn(u8)>>;
///
/// let connecting: Connecting = acquire(ready(1), |id| println!("{id} is closed"));
/// # drop(connecting);
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Acquire<F, H, G>
where
    F: Future,
{
    state: State<F, H>,
    guard: fn(F::Output, H, &'static Location<'static>) -> G,
    /// Known where the parts are known to be `Send + 'static`.
    detach: fn(Pin<Box<F>>, H, &'static Location<'static>) -> BoxFuture,
    location: &'static Location<'static>,
}

enum State<F, H> {
    Unpolled(F, H),
    Polled(Pin<Box<F>>, H),
    Ended,
}

/// The future is pinned in a box of its own.
impl<F: Future, H, G> Unpin for Acquire<F, H, G> {}

impl<F: Future, H, G> Future for Acquire<F, H, G> {
    type Output = G;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<G> {
        let (mut future, handler) = match mem::replace(&mut self.state, State::Ended) {
            State::Unpolled(future, handler) => (Box::pin(future), handler),
            State::Polled(future, handler) => (future, handler),
            State::Ended => panic!("`acquire` polled after completion"),
        };
        match future.as_mut().poll(context) {
            Poll::Ready(output) => {
                let guarded = (self.guard)(output, handler, self.location);
                // In this order: see `arrival` for the reason.
                drop(future);
                Poll::Ready(guarded)
            }
            Poll::Pending => {
                self.state = State::Polled(future, handler);
                Poll::Pending
            }
        }
    }
}

impl<F: Future, H, G> Drop for Acquire<F, H, G> {
    fn drop(&mut self) {
        if let State::Polled(future, handler) = mem::replace(&mut self.state, State::Ended) {
            let acquiring = (self.detach)(future, handler, self.location);
            handoff::hand_off(GroupKey::NONE, acquiring, self.location);
        }
    }
}

impl<F: Future, H, G> fmt::Debug for Acquire<F, H, G> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Acquire(..)")
    }
}
