//! The driver: cancellation resumes the function once more, in its finally section.

mod holding;

pub(crate) use holding::HoldingDriver;

use core::{
    future::{Future, IntoFuture},
    mem,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

#[cfg(not(debug_assertions))]
use crate::engine::body::Polling;
use crate::engine::{
    armed::Arm,
    aside::Cancellation,
    ending::{Ending, FirstPoll, Hold},
    signal,
    unwind::{abort, catch, is_panicking, polled_after_completion},
    verdict::raise_after_arguments,
};

/// A coroutine that ends in one of the `settle` functions, to be awaited. An expansion names it if the cleanup uses arguments.
///
/// The ending of the coroutine becomes a type of its own here. Inside another future, the compiler forgets which lifetimes
/// are the same, and can no longer look up the output of a closure in the coroutine
/// (<https://github.com/rust-lang/rust/issues/110338>).
#[must_use = "a driver runs when it is awaited"]
pub struct WithArguments<C>(pub C);

impl<C, E> IntoFuture for WithArguments<C>
where
    C: Future<Output = E>,
    E: Ending,
{
    type Output = E::Output;
    type IntoFuture = E::Driver<C>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_future(self) -> E::Driver<C> {
        E::driver(self.0)
    }
}

pin_project! {
    /// Drives a coroutine that runs a body, evaluates its cleanup and settles the two, and awaits nothing after it.
    ///
    /// The coroutine suspends in a [`Body`](crate::engine::body::Body) or in an awaited cleanup, and in nothing else. Both are
    /// ours, so they see the signal before any code of the user is polled, and neither stays suspended after it. A coroutine
    /// that has ended holds nothing, so nothing has to drop it.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Driver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        #[pin]
        coroutine: C,
        progress: Progress,
    }

    impl<C> PinnedDrop for Driver<C>
    where
        C: Future,
        C::Output: Ending,
    {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn drop(mut this: Pin<&mut Self>) {
            if is_entered(this.as_mut()) {
                let mut context = signal::context();
                resume(this.as_mut(), &mut context);
                if is_entered(this.as_mut()) {
                    resume_caught(this, &mut context);
                }
            }
        }
    }
}

/// Returns whether a drop resumes the coroutine.
///
/// It takes a unique reference, because a coroutine keeps unique references to its own variables. A shared one would end them.
#[inline(always)]
fn is_entered<C>(driver: Pin<&mut Driver<C>>) -> bool
where
    C: Future,
    C::Output: Ending,
{
    matches!(driver.project().progress, Progress::Entered)
}

impl<C> Driver<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    pub(crate) const fn new(coroutine: C) -> Self {
        Self { coroutine, progress: Progress::New }
    }
}

impl<C> Arm for Driver<C>
where
    C: Future,
    C::Output: Ending,
{
    #[inline(always)]
    fn arm(mut self) -> Self {
        self.progress = Progress::Entered;
        self
    }
}

/// How far a coroutine is.
pub enum Progress {
    /// Never polled: there is nothing to clean up.
    New,
    /// Suspended, or armed before its first poll, so that a drop resumes it.
    Entered,
    /// Inside a poll, or ended by a value or a panic, so that it must not be resumed.
    Ended,
}

impl Progress {
    /// Begins a poll. If the coroutine panics in that poll, the drop does not resume it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn enter(&mut self) {
        if let Self::Ended = mem::replace(self, Self::Ended) {
            polled_after_completion();
        }
    }
}

impl<C> Future for Driver<C>
where
    C: Future,
    C::Output: Ending,
{
    type Output = <C::Output as Ending>::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if signal::is_cancel(context) {
            return drive_inert(self);
        }
        self.drive(context)
    }
}

/// Drives a coroutine. Both a poll and a drop do this, so that a release build contains the coroutine once.
trait Drive {
    type Output;

    /// Polls the coroutine. At the signal it comes to its end, and this returns nothing.
    fn drive(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output>;
}

impl<C> Drive for Driver<C>
where
    C: Future,
    C::Output: Ending,
{
    type Output = <C::Output as Ending>::Output;

    #[inline(always)]
    fn drive(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        #[cfg(debug_assertions)]
        return drive(this.coroutine as Pin<&mut dyn Future<Output = C::Output>>, this.progress, context);
        #[cfg(not(debug_assertions))]
        C::drive_apart(this.coroutine, this.progress, context)
    }
}

/// The functions that contain a coroutine in a release build.
///
/// They are methods of the coroutine, because that decides where the compiler puts them: in the codegen unit of the user's function.
/// A function with a coroutine as its parameter would be in that of this module, together with all others.
#[cfg(not(debug_assertions))]
trait Apart: Future<Output: Ending> + Sized {
    #[inline(never)]
    fn drive_apart(
        coroutine: Pin<&mut Self>,
        progress: &mut Progress,
        context: &mut Context<'_>,
    ) -> Poll<<Self::Output as Ending>::Output> {
        drive(coroutine, progress, context)
    }

    /// The same for one whose driver awaits the cleanup.
    #[inline(never)]
    fn drive_holding(
        driver: Pin<&mut HoldingDriver<Self>>,
        context: &mut Context<'_>,
    ) -> Poll<<Self::Output as Ending>::Output> {
        holding::drive(&mut Polling { polled: driver, context })
    }
}

#[cfg(not(debug_assertions))]
impl<C: Future<Output: Ending>> Apart for C {}

/// Drives a coroutine that leaves nothing to be awaited.
#[cfg_attr(not(debug_assertions), inline(always))]
fn drive<E: Ending, C: Future<Output = E> + ?Sized>(
    coroutine: Pin<&mut C>,
    progress: &mut Progress,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    progress.enter();
    match coroutine.poll(context) {
        Poll::Pending => {
            *progress = Progress::Entered;
            Poll::Pending
        }
        #[cfg(debug_assertions)]
        ref mut ready => conclude_ready(ready, context),
        #[cfg(not(debug_assertions))]
        Poll::Ready(ending) => conclude(ending, context),
    }
}

/// Calls [`conclude`].
///
/// It takes the result by reference, because a debug build would have a second ending on the stack of each level of a nest. The
/// optimizer makes no copy, but keeps a value in memory if a reference to it is passed.
#[cfg(debug_assertions)]
fn conclude_ready<E: Ending>(ready: &mut Poll<E>, context: &mut Context<'_>) -> Poll<E::Output> {
    let Poll::Ready(ending) = mem::replace(ready, Poll::Pending) else { return Poll::Pending };
    conclude(ending, context)
}

/// Delivers the ending of a coroutine, or abandons it.
#[cfg_attr(not(debug_assertions), inline(always))]
fn conclude<E: Ending>(ending: E, context: &mut Context<'_>) -> Poll<E::Output> {
    if signal::is_cancel(context) {
        ending.abandon();
        return Poll::Pending;
    }
    match ending.poll_first(context, pin!(Nowhere)) {
        FirstPoll::Ready(output) => Poll::Ready(output),
        FirstPoll::Pending | FirstPoll::Held => abort(&"a driver without a place awaits no cleanup"),
    }
}

/// The place of a cleanup that is not awaited.
struct Nowhere;

impl<H> Hold<H> for Nowhere {
    fn hold(self: Pin<&mut Self>, _: H) {
        abort(&"a driver without a place awaits no cleanup")
    }
}

/// Drives a coroutine whose caller polls with the very signal, which must not take it for that.
///
/// It is a function of its own, so that no level of a nest has another context on its stack.
#[cold]
#[inline(never)]
fn drive_inert<T>(driver: Pin<&mut dyn Drive<Output = T>>) -> Poll<T> {
    signal::with_inert(|context| driver.drive(context))
}

/// Resumes a coroutine that is under way, when its driver is dropped.
///
/// A panic out of it goes to the dropper, and need not be caught, unless the thread is panicking, or keeps another panic while the
/// coroutine drops its arguments. The coroutine knows that before it drops them. It is suspended then, and [`resume_caught`] resumes it
/// once more. So nearly no level of a nest has the frames of a `catch_unwind` on the stack.
#[inline(never)]
fn resume<T>(driver: Pin<&mut dyn Drive<Output = T>>, context: &mut Context<'_>) {
    if is_panicking() {
        resume_caught(driver, context);
    } else {
        let _ = driver.drive(context);
    }
}

/// Resumes a coroutine whose panic may not be the one that has to go to the dropper, or may not go there at all.
#[cold]
#[inline(never)]
fn resume_caught<T>(driver: Pin<&mut dyn Drive<Output = T>>, context: &mut Context<'_>) {
    // The closure drops the result, so that it returns none: a deep nest would have that on its stack once for each level.
    if let Err(payload) = catch(|| drop(driver.drive(context))) {
        raise_after_arguments(payload, Cancellation::of(context));
    }
}

#[cfg(all(test, feature = "std", not(shuttle)))]
mod tests {
    use core::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };

    use finally::{FinallyExt as _, finally};

    /// Changes a borrowed number when it is dropped.
    struct Writes<'a>(&'a mut u8);

    impl Drop for Writes<'_> {
        fn drop(&mut self) {
            *self.0 += 1;
        }
    }

    /// A future that keeps a unique reference to a variable of its own, and uses it after each suspension.
    async fn borrow_own() {
        let mut own = 0;
        let borrowed = Writes(&mut own);
        for _ in 0..2 {
            tokio::task::yield_now().await;
            *borrowed.0 += 1;
        }
    }

    async fn borrow_with(_: &mut u8) {
        borrow_own().await;
    }

    fn take(_: u8) {}

    #[finally(borrow_with(&mut number).await, on_cancel = skip)]
    async fn skips(mut number: u8) {
        borrow_own().await;
    }

    #[finally(borrow_with(&mut number).await, on_cancel = (take(number)))]
    async fn replaces(mut number: u8) {
        borrow_own().await;
    }

    #[finally(borrow_with(&mut number).await, on_cancel = block)]
    async fn blocks(mut number: u8) {
        borrow_own().await;
    }

    #[finally({ let _ = &number; borrow_own() })]
    async fn detaches(number: u8) {
        borrow_own().await;
    }

    /// Cancels at each suspension.
    fn cancel<F: Future<Output = ()>>(start: impl Fn() -> F) {
        for polls in 0..6 {
            let mut future = pin!(start());
            let mut context = Context::from_waker(Waker::noop());
            let _ = (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready());
        }
    }

    /// A shared reference to a future would end those. Miri fails then.
    #[test]
    fn a_future_may_keep_unique_references_to_its_own_variables() {
        cancel(|| skips(1));
        cancel(|| replaces(1));
        cancel(|| blocks(1));
        cancel(|| detaches(1));
        cancel(|| borrow_own().finally(|| ()));
        cancel(|| borrow_own().finally(|| finally::skip_on_cancel(borrow_own())));
        finally::drain_blocking(None).unwrap();
    }
}
