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

/// Awaits a resource and guards it in the same step, so that no cancellation comes in between.
///
/// Awaited to its end, it gives a [`Guard`], and all that is said there holds: see [`guard`](crate::guard()).
///
/// Cancelled while the resource is still on its way, the future that brings it is not dropped. It goes on elsewhere, as a
/// cleanup does, and what it brings is cleaned up at once: a connection that the server has granted already is closed, a lock
/// that was about to be ours is given back. So the future, what it brings and the handler are `Send + 'static`, the future is
/// boxed when it is polled first, and one that never ends stays with [`detached`](crate::detached). A finally around it waits
/// for both. Never polled, nothing happens.
///
/// A panic of the future goes to the caller, or where that has left, to the failure hook; there was nothing to clean up then.
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
    H: FnOnce(F::Output) -> C + Send + 'static,
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

/// Does what [`acquire`] does with a future that may fail: an `Ok` is guarded, an `Err` is passed on.
///
/// An `Err` that comes after a cancellation means that there is nothing to clean up. Nobody asked for it any more, so it is
/// dropped and not reported, and may be of any type.
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
    H: FnOnce(T) -> C + Send + 'static,
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

/// Awaits what arrives and guards it, and only then drops the future: a panic of that drop unwinds through the guard. The
/// value of an `.await` would be lost in it (<https://github.com/rust-lang/rust/issues/47949>).
async fn arrival<F: Future, G>(mut future: Pin<Box<F>>, guard: impl FnOnce(F::Output) -> G) -> G {
    let output = poll_fn(|context| future.as_mut().poll(context)).await;
    let guarded = guard(output);
    drop(future);
    guarded
}

/// What [`acquire`] and [`try_acquire`] return: a future of a [`Guard`], or of a `Result` with one.
///
/// Dropped before its end, it hands the future off, with the cleanup behind it. It is `Unpin`, and can be named where the
/// parts can:
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
                // In this order, for the reason that `arrival` tells.
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
