//! Functions that are not async: the body is called, not polled. Some return a future.

use crate::engine::{
    erased::erased,
    exit::{Exit, Outcome},
    unwind::catch,
};

/// Calls a body and catches its panic.
#[inline(always)]
pub(crate) fn call<T>(body: impl FnOnce() -> T) -> Exit<T> {
    let mut body = Some(body);
    call_in(erased!(&mut body => &mut dyn AnyCall<T>))
}

/// An object-safe body.
trait AnyCall<T> {
    fn call(&mut self) -> T;
}

impl<T, F: FnOnce() -> T> AnyCall<T> for Option<F> {
    #[inline]
    fn call(&mut self) -> T {
        match self.take() {
            Some(body) => body(),
            None => unreachable!("a body is called once"),
        }
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn call_in<T, B: AnyCall<T> + ?Sized>(body: &mut B) -> Exit<T> {
    Exit::new(match catch(|| body.call()) {
        Ok(value) => Outcome::Returned(value),
        Err(payload) => Outcome::Panicked(payload),
    })
}
