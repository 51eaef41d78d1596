//! Values with a cleanup, how to get them, and several cleanups in one place.

#[cfg(feature = "std")]
pub(crate) mod acquire;
pub(crate) mod guard;
#[cfg(feature = "std")]
pub(crate) mod scope;
