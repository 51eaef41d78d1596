//! Evaluates a cleanup: calls the user's code, once, and catches its panic.
//!
//! The body adopts the cleanups that are handed off in that call, so they end before its own cleanup is polled.
//!
//! Only the calls themselves are compiled once for each function.

use core::{marker::PhantomData, panic::Location};

use crate::{
    cleanup::{Accepts, Cleanup, CleanupValue, Detach},
    engine::{
        erased::erased,
        exit::Exit,
        unwind::{Once, Payload, abort, unwind},
    },
    fate::Fate,
    macros::describe::Borrowed,
};

/// A body that has ended and its evaluated cleanup. The `settle` functions make an ending of the two.
#[must_use = "goes to `settle`"]
pub struct Evaluated<T, K, M, V: CleanupValue> {
    /// Describes the failure of the body.
    pub body: Borrowed<T>,
    pub(crate) exit: Exit<T>,
    /// The cleanup, or the panic of its evaluation, which counts as one of the cleanup.
    pub(crate) built: Result<K, Payload>,
    marker: PhantomData<fn() -> (M, V)>,
}

impl<T, K, M, V: CleanupValue> Evaluated<T, K, M, V> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new(exit: Exit<T>, built: Result<K, Payload>) -> Self {
        Self { body: Borrowed::default(), exit, built, marker: PhantomData }
    }

    /// Describes the failure of the cleanup. The bound lets the compiler infer the error of a cleanup that ends in `?` from
    /// that of the body, which it has to know before it can choose a method of the probe.
    #[inline(always)]
    pub fn cleanup(&self) -> V::Probe
    where
        T: Accepts<V>,
    {
        V::Probe::default()
    }

    /// Describes the failure of a replacement, which has no place in the output of the body.
    #[inline(always)]
    pub fn replacement(&self) -> V::Probe {
        V::Probe::default()
    }

    /// Changes the value that the body returned.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Evaluated<U, K, M, V> {
        Evaluated::new(self.exit.map(change), self.built)
    }

    /// Returns the exit, and the future of the cleanup. A cleanup that has ended in place does not wait for the cleanups that
    /// the body adopted, so the enclosing finally does.
    #[cfg(feature = "std")]
    pub(crate) fn started(self) -> (Exit<T>, Result<K::Future, Payload>)
    where
        K: Cleanup<M>,
    {
        (self.exit.before::<K, M>(), self.built.map(Cleanup::into_future))
    }
}

impl<T, K, M, V: CleanupValue> Evaluated<T, Option<K>, M, V>
where
    K: Cleanup<M>,
{
    /// The same where there may be no cleanup.
    pub(crate) fn started_or_skipped(self) -> (Exit<T>, Result<Option<K::Future>, Payload>) {
        (self.exit.before::<K, M>(), self.built.map(|cleanup| cleanup.map(Cleanup::into_future)))
    }
}

impl<T> Exit<T> {
    /// Passes the adopted cleanups on if its own cleanup has ended in place.
    fn before<K: Cleanup<M>, M>(mut self) -> Self {
        if K::IN_PLACE {
            self.adopted.take().pass_on();
        }
        self
    }
}

/// Evaluates a cleanup that stays where it is.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn build<T, K, I, M, V>(exit: Exit<T>, cleanup: impl FnOnce(Fate<'_, T>) -> K) -> Evaluated<T, I, M, V>
where
    K: Cleanup<M, Value = V, Work = I>,
    V: CleanupValue,
{
    let mut evaluation =
        Some(|evaluation: &mut Evaluation<'_, T, I>| evaluation.fill(cleanup(evaluation.fate).into_work()));
    evaluate(exit, erased!(&mut evaluation => &mut dyn for<'a> Once<Evaluation<'a, T, I>>))
}

/// The same for a cleanup that captures nothing. A function pointer is the same type for all of them, so this is compiled
/// once for each output and not once for each function.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn build_static<T, K, I, M, V>(exit: Exit<T>, cleanup: fn(Fate<'_, T>) -> K) -> Evaluated<T, I, M, V>
where
    K: Cleanup<M, Value = V, Work = I>,
    V: CleanupValue,
{
    build(exit, cleanup)
}

/// Evaluates a cleanup that stays where it is, unless the body was cancelled.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn build_unless_cancelled<T, K, I, M, V>(
    exit: Exit<T>,
    cleanup: impl FnOnce(Fate<'_, T>) -> K,
) -> Evaluated<T, Option<I>, M, V>
where
    K: Cleanup<M, Value = V, Work = I>,
    V: CleanupValue,
{
    if exit.is_cancelled() {
        return Evaluated::new(exit, Ok(None));
    }
    let Evaluated { exit, built, .. } = build(exit, cleanup);
    Evaluated::new(exit, built.map(Some))
}

/// Evaluates a cleanup that may go on elsewhere.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn build_detached<T, K, I, D, M, V>(
    exit: Exit<T>,
    cleanup: impl FnOnce(Fate<'_, T>) -> K,
) -> Evaluated<T, D, M, V>
where
    K: Cleanup<M, Value = V, Work = I>,
    // The compiler shows the line of the bound if a future is not `Send`, so it names the way out.
    I: Detach<M, D>, // own what is `Send`, or choose `on_cancel = block` or `skip`
    V: CleanupValue,
{
    let mut evaluation = Some(|evaluation: &mut Evaluation<'_, T, D>| {
        evaluation.fill(cleanup(evaluation.fate).into_work().detached());
    });
    evaluate(exit, erased!(&mut evaluation => &mut dyn for<'a> Once<Evaluation<'a, T, D>>))
}

/// The same for one that captures nothing, as [`build_static`].
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn build_detached_static<T, K, I, D, M, V>(
    exit: Exit<T>,
    cleanup: fn(Fate<'_, T>) -> K,
) -> Evaluated<T, D, M, V>
where
    K: Cleanup<M, Value = V, Work = I>,
    I: Detach<M, D>, // own what is `Send`, or choose `on_cancel = block` or `skip`
    V: CleanupValue,
{
    build_detached(exit, cleanup)
}

/// A cleanup that is a block of the user's. It takes the variables that it mentions, and creating it runs nothing.
pub struct Own<D, M, V> {
    cleanup: D,
    marker: PhantomData<fn() -> (M, V)>,
}

#[inline(always)]
pub fn own<F, I, D, M, V>(future: F) -> Own<D, M, V>
where
    F: Cleanup<M, Value = V, Work = I>,
    I: Detach<M, D>, // own what is `Send`, or choose `on_cancel = block` or `skip`
    V: CleanupValue,
{
    Own { cleanup: future.into_work().detached(), marker: PhantomData }
}

/// Like [`build`], for a cleanup made by [`own`].
#[inline]
pub fn build_owned<T, D, M, V: CleanupValue>(exit: Exit<T>, own: Own<D, M, V>) -> Evaluated<T, D, M, V> {
    Evaluated::new(exit, Ok(own.cleanup))
}

/// Evaluates a cleanup that may go on elsewhere in a closure that takes the arguments which the cleanup mentions, so that
/// they are dropped right after it. A panic of theirs counts as one of the body's drop.
#[inline(always)]
#[track_caller]
pub fn build_and_drop<T, D, M, V>(
    exit: Exit<T>,
    evaluate: impl FnOnce(&mut Builder<'_, T, D, M, V>),
) -> Evaluated<T, D, M, V>
where
    V: CleanupValue,
{
    let mut evaluate = Some(evaluate);
    evaluate_and_drop(exit, erased!(&mut evaluate => &mut dyn for<'a> Once<Builder<'a, T, D, M, V>>))
}

/// Where [`build_and_drop`] gets its cleanup from.
pub struct Builder<'a, T, D, M, V> {
    fate: Fate<'a, T>,
    /// A closure's value is lost when a drop at its end panics (<https://github.com/rust-lang/rust/issues/47949>), so the
    /// cleanup does not come out as that.
    built: &'a mut Option<D>,
    marker: PhantomData<fn() -> (M, V)>,
}

impl<T, D, M, V> Builder<'_, T, D, M, V> {
    /// Takes the value of an expression.
    pub fn fill<C, I>(&mut self, cleanup: C)
    where
        // An error about a cleanup that borrows from an argument, which is dropped after it, ends in this line.
        C: Cleanup<M, Value = V, Work = I>, // own what it uses, as `.await` does, or choose `on_cancel = block` or `skip`
        I: Detach<M, D>,                    // own what is `Send`, or choose `on_cancel = block` or `skip`
    {
        *self.built = Some(cleanup.into_work().detached());
    }

    /// Calls a closure.
    #[inline]
    pub fn build<H, C, I>(&mut self, cleanup: H)
    where
        // An error about a cleanup that borrows from an argument, which is dropped after it, ends in these lines.
        H: FnOnce(Fate<'_, T>) -> C, // own what it uses, as `.await` does, or choose `on_cancel = block` or `skip`
        C: Cleanup<M, Value = V, Work = I>,
        I: Detach<M, D>, // own what is `Send`, or choose `on_cancel = block` or `skip`
    {
        self.fill(cleanup(self.fate));
    }

    /// Ends the closure. If the body panicked, this unwinds: a lock or a transaction among the arguments sees the panic when
    /// it is dropped, as it does in a function without a cleanup.
    #[inline(always)]
    pub fn drop_arguments(&self) {
        if let Fate::Panicked(_) = self.fate {
            unwind();
        }
    }
}

/// Calls [`Builder::fill`].
///
/// A macro, because the compiler ends an error about a borrowed argument with the name of the macro that the call comes from,
/// and that is the only place in such an error that takes words of ours. So the name is the way out.
#[doc(hidden)]
#[macro_export]
macro_rules! own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip {
    ($builder:ident, $($cleanup:tt)*) => {
        $builder.fill($($cleanup)*)
    };
}

pub use own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip;

/// A fate, and the cleanup that is evaluated for it.
struct Evaluation<'a, T, K> {
    fate: Fate<'a, T>,
    cleanup: Option<K>,
}

impl<T, K> Evaluation<'_, T, K> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn fill(&mut self, cleanup: K) {
        self.cleanup = Some(cleanup);
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn evaluate<T, K, M, V: CleanupValue, C: for<'a> Once<Evaluation<'a, T, K>> + ?Sized>(
    exit: Exit<T>,
    call: &mut C,
) -> Evaluated<T, K, M, V> {
    let (exit, built) = exit.evaluating(|fate| {
        let mut evaluation = Evaluation { fate, cleanup: None };
        call.call(&mut evaluation);
        match evaluation.cleanup {
            Some(cleanup) => cleanup,
            None => abort(&"a cleanup is evaluated once"),
        }
    });
    Evaluated::new(exit, built)
}

#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
fn evaluate_and_drop<T, D, M, V: CleanupValue, C: for<'a> Once<Builder<'a, T, D, M, V>> + ?Sized>(
    exit: Exit<T>,
    evaluate: &mut C,
) -> Evaluated<T, D, M, V> {
    let mut built = None;
    let (mut exit, evaluated) = exit.evaluating(|fate| {
        evaluate.call(&mut Builder { fate, built: &mut built, marker: PhantomData });
    });
    let built = match (built, evaluated) {
        (Some(built), dropped) => {
            let dropped =
                dropped.or_else(|payload| if payload.is_of_unwind() { Ok(()) } else { Err(payload) });
            exit.add_drop_panic(dropped, Location::caller());
            Ok(built)
        }
        (None, Err(payload)) => Err(payload),
        (None, Ok(())) => abort(&"the closure evaluates the cleanup"),
    };
    Evaluated::new(exit, built)
}
