//! The choice between compile time and run time, made by profile.
//!
//! A debug build compiles a function that is generic over the user's future or closure once for each of the user's functions,
//! and that is most of the cost of an annotated function there. So with `debug_assertions` such a function takes its argument
//! as `dyn`, and is compiled once for each output. Without them it takes the concrete type, so that the optimizer sees
//! through all of it: a call then costs a fraction. [`erased`] makes that choice where the argument is passed, and the
//! function itself is written once, for a `?Sized` parameter.
//!
//! Functions that every call passes through carry `cfg_attr(not(debug_assertions), inline(always))` for the same reason. The
//! optimizer decides about each of them by its size. It would leave some out of line, although they shrink to a few
//! instructions once they are inlined together. A debug build compiles each of them once, and calls it.
//!
//! A release build would compile a coroutine twice, for a poll and for a drop. [`Apart`](crate::engine::driver) makes it one.

/// Passes a reference as a trait object if `debug_assertions` are on, and as it is if they are off.
macro_rules! erased {
    ($reference:expr => $erased:ty) => {{
        #[cfg(debug_assertions)]
        {
            $reference as $erased
        }
        #[cfg(not(debug_assertions))]
        {
            $reference
        }
    }};
}

pub(crate) use erased;
