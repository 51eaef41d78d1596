#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use finally_core::Fate;
#[cfg(feature = "std")]
pub use finally_core::{
    AlreadySet, BoxFuture, Failure, FailureHook, FailureKind, StillRunning, detached, drain, drain_blocking,
    drain_timeout, set_executor, set_failure_hook, take_failure_hook,
};

#[cfg(feature = "macros")]
pub use finally_macros::{finally, lastly};

/// What the macros expand to. Not for people to call: any of it may change with every release.
#[doc(hidden)]
pub use finally_core::private as __private;
