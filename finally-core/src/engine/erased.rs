//! The choice between compile time and run time, made by profile.
//!
//! A debug build compiles a function that is generic over the user's future or closure once for each of the user's functions,
//! and that is most of the cost of an annotated function there. So with `debug_assertions` such a function takes its argument
//! as `dyn`, and is compiled once for each output. Without them it takes the concrete type, so that the optimizer sees
//! through all of it: a call then costs a fraction. [`erased`] makes that choice where the argument is passed, and the
//! function itself is written once, for a `?Sized` parameter.
//!
//! Functions on the way of every call carry `cfg_attr(not(debug_assertions), inline(always))` for the same reason. The optimizer
//! weighs each of them by its size, and would leave some out of line although little of them is left once they are together. A
//! debug build compiles them once, and calls them.

/// Passes a reference as a trait object if `debug_assertions` are on, and as it is if they are off.
macro_rules! erased {
    ($reference:expr => $erased:ty) => {{
        #[cfg(debug_assertions)]
        let erased: $erased = $reference;
        #[cfg(not(debug_assertions))]
        let erased = $reference;
        erased
    }};
}

pub(crate) use erased;
