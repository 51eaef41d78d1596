//! The body of a `finally! { try { .. } finally { .. } }`: a block in place that is polled as a future, and whose control flow
//! continues after the cleanup.
//!
//! `return` and `?` keep their meaning: they end the body's `async` block, whose output is the result of the enclosing
//! function. So the value of the block cannot be that output. The body puts it into a slot, marks itself as ended, and is never
//! polled again.

use core::{
    convert::Infallible,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    task::{Context, Poll, Waker},
};
#[cfg(feature = "std")]
use core::{mem, task::ready};
#[cfg(feature = "std")]
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(feature = "std")]
use send_wrapper::SendWrapper;

#[cfg(not(feature = "std"))]
use self::without_std::SendWrapper;
use crate::{
    cleanup::CleanupValue,
    diagnostics::{ResultOfFailure, ValueOfFailure},
    engine::{
        body::{Exits, RunningBody, drop_run},
        exit::{Exit, Outcome},
        unwind::catch,
    },
    fate::Fate,
    macros::{
        describe::{Answer, Ask},
        evaluate::Evaluated,
        opaque,
    },
};

/// How the body of a `finally! { try { .. } finally { .. } }` ended, as its cleanup sees it in a [`Fate::Returned`].
///
/// ```
/// use finally::{Fate, block::{End, finally}};
///
/// fn first_even(numbers: &[u8]) -> Option<u8> {
///     for number in numbers {
///         let half = finally! {
///             try {
///                 if number % 2 == 0 {
///                     return Some(*number);
///                 }
///                 number / 2
///             }
///             finally |fate| {
///                 match fate {
///                     Fate::Returned(End::Value(half)) => println!("{number}: half of it is {half}"),
///                     Fate::Returned(End::Return(result)) => println!("{number}: {result:?}"),
///                     _ => println!("{number}: broken off"),
///                 }
///             }
///         };
///         println!("{half}");
///     }
///     None
/// }
/// # assert_eq!(first_even(&[1, 2]), Some(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End<T, R = Infallible, J = Infallible> {
    /// With the value of the block.
    Value(T),
    /// By `return` or `?`, with the result of the enclosing function.
    Return(R),
    /// By a `break` or a `continue` of an enclosing loop. A cleanup cannot see which one.
    Jump(J),
}

impl<'a, T, R, J> Fate<'a, End<T, R, J>> {
    /// Returns the value of the block, if its body ended with one.
    ///
    /// ```
    /// use finally::{Fate, block::End};
    ///
    /// let end = End::<u8, Result<(), &str>>::Value(1);
    /// assert_eq!(Fate::Returned(&end).value(), Some(&1));
    /// ```
    #[must_use]
    pub const fn value(self) -> Option<&'a T> {
        match self {
            Self::Returned(End::Value(value)) => Some(value),
            _ => None,
        }
    }
}

impl<'a, T, V, E, J> Fate<'a, End<T, Result<V, E>, J>> {
    /// Returns the error with which the body left the enclosing function by `?` or `return`, if it did.
    ///
    /// ```
    /// use finally::{Fate, block::End};
    ///
    /// let end = End::<u8, Result<(), &str>>::Return(Err("no route"));
    /// assert_eq!(Fate::Returned(&end).error(), Some(&"no route"));
    /// ```
    #[must_use]
    pub const fn error(self) -> Option<&'a E> {
        match self {
            Self::Returned(End::Return(Err(error))) => Some(error),
            _ => None,
        }
    }
}

/// One of several jumps, each with a value of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Or<A, B> {
    This(A),
    Other(B),
}

/// The type of a block's value, and of the result of the enclosing function.
///
/// Its functions pass values of these types in code that never runs, so that the body is checked against the types that its
/// surroundings expect.
pub struct Types<T, R>(PhantomData<fn() -> (T, R)>);

impl<T, R> Types<T, R> {
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    pub const fn value(&self) -> Or<T, ()> {
        Or::Other(())
    }

    pub const fn result(&self) -> Or<R, ()> {
        Or::Other(())
    }

    /// Lets `R` fall back to the type that the compiler assumes for code that never returns, if nothing else constrains it.
    pub const fn diverge(self, _: fn() -> R) -> Self {
        self
    }

    pub fn typed(&self, value: T) -> T {
        value
    }

    pub fn end<L, J>(&self, value: T) -> End<T, L, J> {
        End::Value(value)
    }

    /// Returns the way to exit of a body that can only end with its value.
    pub const fn with_value<J>(&self) -> WithValue<R, J> {
        WithValue(PhantomData)
    }

    /// Converts the exit of a body that can only end with its value.
    pub fn returned<J>(&self, exit: Exit<T>) -> Exit<End<T, R, J>> {
        exit.map(End::Value)
    }

    /// Returns the route of the cleanup's failure. Method resolution chooses among [`RouteNothing`] and the others.
    pub fn route<F>(&self, _: &F) -> Route<F, T, R> {
        Route(PhantomData, PhantomData)
    }
}

impl<T, R> Default for Types<T, R> {
    fn default() -> Self {
        Self::new()
    }
}

/// A place for the value of a body that may leave the function around.
///
/// It is filled and emptied in one poll. So the future around is `Send` if the value is not, as it is without the block.
pub struct Slot<T, J>(Option<SendWrapper<End<T, Infallible, J>>>);

impl<T, J> Slot<T, J> {
    pub const EMPTY: Self = Self(None);

    pub fn filled(end: End<T, Infallible, J>) -> Self {
        Self(Some(SendWrapper::new(end)))
    }

    #[cfg(feature = "std")]
    pub fn share(self, shared: &SharedSlot<T, J>) {
        *shared.slot() = self;
    }

    /// Returns how a body ended, from the result with which it left the function, if it did.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end<R>(self, result: Option<R>) -> End<T, R, J> {
        match (result, self.0.map(SendWrapper::take)) {
            (Some(result), _) => End::Return(result),
            (None, Some(End::Value(value))) => End::Value(value),
            (None, Some(End::Jump(jump))) => End::Jump(jump),
            (None, None | Some(End::Return(_))) => {
                unreachable!("a body fills its slot before it says that it has")
            }
        }
    }
}

/// The same for a body that shares no variable with its cleanup. No coroutine owns the slot then: body and combinator borrow it,
/// so it is locked, although there is one thread at a time that uses it.
#[cfg(feature = "std")]
pub struct SharedSlot<T, J> {
    left: Left,
    slot: Mutex<Slot<T, J>>,
}

#[cfg(feature = "std")]
impl<T, J> SharedSlot<T, J> {
    pub const fn new() -> Self {
        Self { left: Left::new(), slot: Mutex::new(Slot::EMPTY) }
    }

    /// Returns the future that a body awaits last: the body is never polled again.
    pub const fn leave<R>(&self) -> Leave<'_, R> {
        self.left.leave()
    }

    fn slot(&self) -> MutexGuard<'_, Slot<T, J>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "std")]
impl<T, J> Default for SharedSlot<T, J> {
    fn default() -> Self {
        Self::new()
    }
}

/// The body has ended with the result of the function around, or with the value in the slot.
#[cfg(feature = "std")]
impl<T, R, J> Exits<R> for &SharedSlot<T, J> {
    type Output = End<T, R, J>;

    #[inline]
    fn poll<F: Future<Output = R>>(
        &self,
        future: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<End<T, R, J>> {
        let left = ready!((&self.left).poll(future, context));
        Poll::Ready(mem::replace(&mut *self.slot(), Slot::EMPTY).end(left))
    }
}

/// Exits with the value of a body that can only end with that.
pub struct WithValue<R, J>(PhantomData<fn() -> (R, J)>);

impl<T, R, J> Exits<T> for WithValue<R, J> {
    type Output = End<T, R, J>;

    #[inline(always)]
    fn poll<F: Future<Output = T>>(
        &self,
        future: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<End<T, R, J>> {
        future.poll(context).map(End::Value)
    }
}

/// Whether a body has ended with a value in its slot.
pub struct Left(AtomicBool);

impl Left {
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Returns the future that a body awaits last: the body is never polled again.
    pub const fn leave<R>(&self) -> Leave<'_, R> {
        Leave { left: self, result: PhantomData }
    }
}

impl Default for Left {
    fn default() -> Self {
        Self::new()
    }
}

/// Marks the body as ended, and stays pending.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Leave<'a, R> {
    left: &'a Left,
    result: PhantomData<fn() -> R>,
}

impl<R> Future for Leave<'_, R> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        self.left.0.store(true, Relaxed);
        Poll::Pending
    }
}

/// The body has ended with the result of the function around, or with nothing once its value is in the slot.
impl<R> Exits<R> for &Left {
    type Output = Option<R>;

    #[inline]
    fn poll<F: Future<Output = R>>(&self, future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<Option<R>> {
        match future.poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if self.0.load(Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// A body that may leave the function around, to be awaited in a coroutine.
#[must_use = "a body runs when it is awaited"]
pub struct LeavingBody<'a, F>(pub &'a Left, pub F);

impl<'a, F: Future> IntoFuture for LeavingBody<'a, F> {
    type Output = Exit<Option<F::Output>>;
    type IntoFuture = RunningBody<F, &'a Left>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_future(self) -> Self::IntoFuture {
        RunningBody::new(self.1, self.0)
    }
}

impl<R> Exit<Option<R>> {
    /// Takes the value out of the slot, if the body ended with one.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn leave<T, J>(self, slot: Slot<T, J>) -> Exit<End<T, R, J>> {
        self.map(|result| slot.end(result))
    }
}

impl<T> Exit<T> {
    /// Wraps the value, so that the failure of a cleanup can take its place.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn fallible<F>(self) -> Exit<Result<T, F>> {
        self.map(Ok)
    }
}

impl<T, K, M, V: CleanupValue> Evaluated<T, K, M, V> {
    /// Wraps the value, so that the failure of the cleanup can take its place.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn fallible(self) -> Evaluated<Result<T, V::Failure>, K, M, V> {
        self.map(Ok)
    }
}

/// Describes a body's failure.
///
/// The types of a block may not be inferred yet at its cleanup, so no bound on them can be asked for.
pub fn describe<T, R, J, F>(ask: Ask<'_, Result<End<T, R, J>, F>>) -> Option<Answer> {
    match ask {
        Ask::About(Ok(End::Value(value)), detail) => opaque::describe(Ask::About(value, detail)),
        Ask::About(Ok(End::Return(result)), detail) => opaque::describe(Ask::About(result, detail)),
        Ask::About(Ok(End::Jump(_)) | Err(_), _) | Ask::Error(_) => None,
    }
}

/// The first local of a body without a visible `.await`. It detects one that a macro hides.
///
/// Such an `.await` would suspend the body, and nobody could resume it. A value that is alive while a future is suspended is
/// part of the future, so its alignment shows in that of the future.
#[repr(align(4096))]
pub struct NoAwait;

impl Drop for NoAwait {
    #[inline]
    fn drop(&mut self) {}
}

/// Rejects a body that awaits.
///
/// With `#[track_caller]`, the compiler reports the panic at the call of this function. Without it, the message would quote the
/// standard library's source, and would differ on a toolchain without the component `rust-src`.
#[track_caller]
const fn no_await_in_a_macro<F>() {
    assert!(
        align_of::<F>() < align_of::<NoAwait>(),
        "a macro in the body of a `finally!` awaits, which `finally!` cannot see: \
         write the `.await` outside of that macro, or put the body into an `async` block"
    );
}

/// Runs a body that does not await.
pub fn run<F: Future>(left: &Left, body: F) -> Exit<Option<F::Output>> {
    const { no_await_in_a_macro::<F>() };
    let mut body = pin!(Some(body));
    let context = &mut Context::from_waker(Waker::noop());
    let polled = catch(|| body.as_mut().as_pin_mut().map(|body| left.poll(body, context)));
    let outcome = match polled {
        Ok(Some(Poll::Ready(value))) => Outcome::Returned(value),
        Ok(_) => unreachable!("a body that does not await is not suspended"),
        Err(payload) => Outcome::Panicked(payload),
    };
    // The body is dropped before its cleanup starts, and a panic of that drop must not lose the cleanup.
    Exit { drop_panic: drop_run(body), ..Exit::new(outcome) }
}

/// The destination of a cleanup's failure if the body has not failed: the value of the block if that is a `Result`, otherwise the
/// result of the enclosing function.
///
/// Method resolution chooses, as for the text of a failure: `(&&&route).__finally_route(failure)`.
pub struct Route<F, T, R>(PhantomData<fn() -> F>, PhantomData<fn() -> (T, R)>);

/// The cleanup cannot fail.
pub trait RouteNothing {
    type Value;
    type Result;
    fn __finally_route(&self, failure: Infallible) -> Result<Self::Value, Self::Result>;
}

impl<T, R> RouteNothing for &&Route<Infallible, T, R> {
    type Value = T;
    type Result = R;
    fn __finally_route(&self, failure: Infallible) -> Result<T, R> {
        match failure {}
    }
}

/// Its failure is the value of the block.
pub trait RouteValue {
    type Failure;
    type Value;
    type Result;
    fn __finally_route(&self, failure: Self::Failure) -> Result<Self::Value, Self::Result>
    where
        Self::Value: ValueOfFailure<Self::Failure>;
}

impl<F, T, E, R> RouteValue for &Route<F, Result<T, E>, R> {
    type Failure = F;
    type Value = Result<T, E>;
    type Result = R;
    fn __finally_route(&self, failure: F) -> Result<Result<T, E>, R>
    where
        Result<T, E>: ValueOfFailure<F>,
    {
        Ok(ValueOfFailure::value_of(failure))
    }
}

/// Its failure is the result of the function around.
pub trait RouteResult {
    type Failure;
    type Value;
    type Result;
    fn __finally_route(&self, failure: Self::Failure) -> Result<Self::Value, Self::Result>
    where
        Self::Result: ResultOfFailure<Self::Failure>;
}

impl<F, T, R> RouteResult for Route<F, T, R> {
    type Failure = F;
    type Value = T;
    type Result = R;
    fn __finally_route(&self, failure: F) -> Result<T, R>
    where
        R: ResultOfFailure<F>,
    {
        Err(ResultOfFailure::result_of(failure))
    }
}

/// Without threads to distinguish, a value is `Send` if its type is.
#[cfg(not(feature = "std"))]
mod without_std {
    pub(super) struct SendWrapper<T>(T);

    impl<T> SendWrapper<T> {
        pub(super) const fn new(value: T) -> Self {
            Self(value)
        }

        pub(super) fn take(self) -> T {
            self.0
        }
    }
}
