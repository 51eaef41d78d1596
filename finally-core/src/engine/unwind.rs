//! Panics as values. Without `std` a panic cannot be caught, and [`Payload`] has no values.
//!
//! A function that the code of each user calls, and that never unwinds, is `extern "C"`: a panic in it ends the process. The compiler
//! then prepares nothing to be dropped around the call. In a release build, a function whose cleanup mentions an argument is a
//! fifth to a third smaller for it.

use core::panic::UnwindSafe;

#[cfg(feature = "std")]
mod with_std {
    use core::any::Any;
    use std::{
        boxed::Box,
        panic::{AssertUnwindSafe, UnwindSafe, catch_unwind, resume_unwind},
        string::{String, ToString},
        thread,
    };

    /// A panic. The second box makes it one word, where a box of a trait object is two: nearly every value of an ending may be a
    /// panic.
    #[derive(Debug)]
    pub struct Payload(Box<Box<dyn Any + Send>>);

    impl Payload {
        #[cold]
        #[inline(never)]
        pub(crate) extern "C" fn new(payload: Box<dyn Any + Send>) -> Self {
            Self(Box::new(payload))
        }

        pub(crate) fn as_any(&self) -> &(dyn Any + Send) {
            &**self.0
        }

        pub(crate) fn into_inner(self) -> Box<dyn Any + Send> {
            *self.0
        }

        /// Drops the payload. If its drop panics, the payload of that panic is leaked, because it may do so again.
        pub(crate) fn discard(self) {
            if let Err(payload) = catch(|| drop(self.0)) {
                core::mem::forget(payload);
            }
        }

        /// Whether this is the payload of [`unwind`].
        pub(crate) fn is_of_unwind(&self) -> bool {
            self.as_any().is::<Unwind>()
        }

        /// Continues the panic with its payload. The panic hook has seen it already, and is not called again.
        pub(crate) fn resume(self) -> ! {
            resume_unwind(*self.0)
        }
    }

    /// Runs a closure, and catches its panic.
    ///
    /// Unwind safety is asserted, because the panic continues unchanged: the caller who awaits the future decides about it,
    /// as for an `async fn`.
    #[inline(always)]
    pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Payload> {
        catch_asserted(AssertUnwindSafe(run))
    }

    /// Like [`catch`], for a closure that captures nothing but an [`Asserted`](super::Asserted).
    ///
    /// The closure is not wrapped, so its call takes one function less. In a debug build, a deep nest has these on its stack once for
    /// each level.
    #[inline(always)]
    pub(crate) fn catch_asserted<R>(run: impl FnOnce() -> R + UnwindSafe) -> Result<R, Payload> {
        catch_unwind(run).map_err(|payload| Payload::new(payload))
    }

    /// Runs a closure, and ignores its panic.
    #[inline]
    pub(crate) fn quietly(run: impl FnOnce()) {
        if let Err(payload) = catch(run) {
            payload.discard();
        }
    }

    pub(crate) fn is_panicking() -> bool {
        thread::panicking()
    }

    struct Unwind;

    /// Unwinds to the next [`catch`], so that the values dropped on the way there see a panic. The panic hook is not called. Does
    /// nothing on a thread that is panicking already.
    #[cold]
    pub(crate) fn unwind() {
        if !is_panicking() {
            resume_unwind(Box::new(Unwind));
        }
    }

    /// Returns the message of a panic, if its payload is a string.
    pub(crate) fn text(payload: &(dyn Any + Send)) -> String {
        if let Some(text) = payload.downcast_ref::<&'static str>() {
            text.to_string()
        } else if let Some(text) = payload.downcast_ref::<String>() {
            text.clone()
        } else {
            "a panic whose payload is not a string".to_string()
        }
    }
}

#[cfg(not(feature = "std"))]
mod without_std {
    use core::any::Any;

    #[derive(Debug)]
    pub enum Payload {}

    impl Payload {
        pub(crate) fn as_any(&self) -> &(dyn Any + Send) {
            match *self {}
        }

        pub(crate) fn is_of_unwind(&self) -> bool {
            match *self {}
        }

        pub(crate) fn discard(self) {
            match self {}
        }

        pub(crate) fn resume(self) -> ! {
            match self {}
        }
    }

    pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Payload> {
        Ok(run())
    }

    pub(crate) fn catch_asserted<R>(run: impl FnOnce() -> R) -> Result<R, Payload> {
        Ok(run())
    }

    pub(crate) fn is_panicking() -> bool {
        false
    }

    pub(crate) fn unwind() {}
}

/// Panics, because a future was polled that has ended.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn polled_after_completion() -> ! {
    panic!("`finally` polled after completion")
}

/// Ends the process, in a state that cannot come up.
///
/// A reference to a reference is one word, which a debug build has in fewer slots of the caller's frame.
#[cold]
pub(crate) extern "C" fn abort(reason: &'static &'static str) -> ! {
    panic!("{reason}")
}

/// A value whose unwind safety is asserted, as [`catch`] does. A closure that reads the field would capture the field alone, so it calls
/// [`into_inner`](Self::into_inner).
pub(crate) struct Asserted<T>(pub(crate) T);

impl<T> UnwindSafe for Asserted<T> {}

impl<T> Asserted<T> {
    #[inline(always)]
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

/// A closure that is called once, by reference. A function that takes it is compiled once for each type of its subject, and not
/// once for each closure.
pub(crate) trait Once<S> {
    fn call(&mut self, subject: &mut S);
}

impl<S, F: FnOnce(&mut S)> Once<S> for Option<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn call(&mut self, subject: &mut S) {
        if let Some(run) = self.take() {
            run(subject);
        }
    }
}

#[cfg(feature = "std")]
pub use with_std::Payload;
#[cfg(feature = "std")]
pub(crate) use with_std::{catch, catch_asserted, is_panicking, quietly, text, unwind};
#[cfg(not(feature = "std"))]
pub use without_std::Payload;
#[cfg(not(feature = "std"))]
pub(crate) use without_std::{catch, catch_asserted, is_panicking, unwind};
