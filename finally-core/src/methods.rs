//! The methods on futures and streams, and their handlers.

pub(crate) mod future;
#[allow(missing_docs, reason = "named in bounds only")]
pub(crate) mod handler;
#[cfg(feature = "std")]
pub(crate) mod settled;
#[cfg(feature = "stream")]
pub(crate) mod stream;
