//! Functions that are not async: the body is called, not polled. Some return a future.

use core::{convert::Infallible, future::Future};

use crate::{
    cleanup::{Awaited, InPlace},
    erased::erased,
    outcome::{Exit, Outcome},
    unwind::catch,
};

/// How a cleanup has its value at once, which one that is awaited has not.
#[diagnostic::on_unimplemented(
    message = "a function that is not async cannot await its cleanup",
    label = "this evaluates to the future `{I}`",
    note = "make the function `async`, or the cleanup not; below an attribute that makes the function not async, as `#[tokio::main]` does, swap them"
)]
pub trait Immediate<I, V> {
    fn value(cleanup: I) -> V;
}

#[diagnostic::do_not_recommend]
impl<V> Immediate<V, V> for InPlace {
    fn value(cleanup: V) -> V {
        cleanup
    }
}

/// What the block of a function that returns `impl Future<Output = T>` evaluates to.
///
/// Its marker stays open where the block does not, and so does the type of what comes out of the check: no further error
/// follows. For that the compiler must have a choice of impls, so there is one that no type ever satisfies.
#[diagnostic::on_unimplemented(
    message = "expected a future that resolves to `{T}`, found `{Self}`",
    label = "the function returns a future of this"
)]
pub trait ResolvesTo<T, Marker> {}

#[diagnostic::do_not_recommend]
impl<F: Future<Output = T>, T> ResolvesTo<T, Awaited> for F {}

#[diagnostic::do_not_recommend]
impl<F: Impossible, T> ResolvesTo<T, Infallible> for F {}

/// No type is.
pub trait Impossible {}

/// The future itself, by way of the marker.
pub trait Resolved<F> {
    type Future;

    fn resolved(future: F) -> Self::Future;
}

impl<Marker, F> Resolved<F> for Marker {
    type Future = F;

    fn resolved(future: F) -> F {
        future
    }
}

/// Calls a body and catches its panic.
#[inline(always)]
pub(crate) fn call<T>(body: impl FnOnce() -> T) -> Exit<T> {
    let mut body = Some(body);
    call_in(erased!(&mut body => &mut dyn AnyBody<T>))
}

/// A body whatever its closure is.
trait AnyBody<T> {
    fn call(&mut self) -> T;
}

impl<T, F: FnOnce() -> T> AnyBody<T> for Option<F> {
    #[inline]
    fn call(&mut self) -> T {
        match self.take() {
            Some(body) => body(),
            None => unreachable!("a body is called once"),
        }
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn call_in<T, B: AnyBody<T> + ?Sized>(body: &mut B) -> Exit<T> {
    Exit::new(match catch(|| body.call()) {
        Ok(value) => Outcome::Returned(value),
        Err(payload) => Outcome::Panicked(payload),
    })
}
