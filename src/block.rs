//! `finally! { try { .. } finally { .. } }`: a cleanup for a block in the middle of a function.

pub use finally_core::End;

/// Runs a cleanup after a block, exactly once, whatever becomes of the block.
#[macro_export]
#[doc(hidden)]
macro_rules! __finally {
    ($($tokens:tt)*) => { $crate::__block! { [$crate finally] $($tokens)* } };
}

#[macro_export]
#[doc(hidden)]
macro_rules! __lastly {
    ($($tokens:tt)*) => { $crate::__block! { [$crate lastly] $($tokens)* } };
}

#[doc(inline)]
pub use __finally as finally;
/// The same under its other name.
#[doc(inline)]
pub use __lastly as lastly;
