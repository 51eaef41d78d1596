//! The runtime of [`async-finally`](https://docs.rs/async-finally): the code that the macros expand to.
//!
//! Users depend on `async-finally`, whose library is called `finally` and which re-exports everything public here.
//!
//! | room | holds |
//! |---|---|
//! | `engine` | runs a body and its cleanup: one poll, and one drop |
//! | `cleanup` | the kinds of cleanups, and a file for each mode of `on_cancel` |
//! | `methods` | `.finally()` and `.settled()`, for futures and streams |
//! | `guards` | values with a cleanup, how to get them, and several cleanups in one place |
//! | `handoff` | the life of a cleanup after its caller has left, and how to wait for it |
//! | `tracker` | the cleanups of one server, one tenant or one test |
//! | `failure`, `report` | failures that no caller receives |
//! | `macros` | the names in an expansion |
//! | `diagnostics` | traits that exist for the wording of an error |
//! | `no_std` | replaces `failure` and `handoff` without `std` |
//!
//! `docs/architecture.md` has the story of one poll and of one drop.
//!
//! # Features
//!
//! * `std` (default): panics are caught, cleanups can be handed off, failures are reported. Without it the crate is
//!   `no_std` with `alloc`: a panic cannot be caught and runs nothing, a cleanup that is awaited needs `on_cancel = skip`
//!   or `on_cancel = (..)`, and a failure without a caller is dropped.
//! * `tokio`: hand-off to the current tokio runtime; the background thread has a tokio runtime of its own. That is a
//!   multi-thread runtime if a crate of the program turns on tokio's feature `rt-multi-thread`, and a current-thread one if none
//!   does.
//! * `stream`: the methods on streams, and `FusedFuture`.
//! * `testing`: tests that fail if a cleanup is left.
//! * `tracing`: a cleanup that is handed off keeps its span, and its hand-off, its end and a failure are events.

#![no_std]
#![forbid(unsafe_code)]
#![allow(
    improper_ctypes_definitions,
    reason = "a function that never unwinds is declared `extern \"C\"`, see `engine::unwind`"
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[allow(missing_docs, reason = "named by expansions only")]
mod cleanup;
#[allow(missing_docs, reason = "named in bounds only")]
mod diagnostics;
mod engine;
#[cfg(feature = "std")]
mod failure;
#[cfg(not(feature = "std"))]
#[path = "no_std/failure.rs"]
mod failure;
mod fate;
mod guards;
#[cfg(feature = "std")]
mod handoff;
#[cfg(not(feature = "std"))]
#[path = "no_std/handoff.rs"]
mod handoff;
#[doc(hidden)]
pub mod macros;
mod methods;
mod report;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "std")]
mod tracker;

pub use fate::Fate;
pub use guards::guard::{Guard, guard};
pub use macros::block::End;
pub use methods::future::{Finally, FinallyExt};
#[cfg(feature = "stream")]
pub use methods::stream::{FinallyStream, FinallyStreamExt};

pub use cleanup::{replace::replace_on_cancel, skip::skip_on_cancel};
#[cfg(feature = "std")]
pub use {
    cleanup::block::block_on_cancel,
    failure::{Failure, FailureHook, FailureKind, set_failure_hook, take_failure_hook},
    guards::{
        acquire::{Acquire, acquire, try_acquire},
        scope::{Close, Scope},
    },
    handoff::{
        BoxFuture, Place, Running, SetExecutorError, StillRunning, default_executor, detached, drain,
        drain_blocking, drain_timeout, give_up, running, set_executor,
    },
    methods::settled::Settled,
    tracker::{Tracked, Tracker},
};

/// Types that occur in the parameters of other types, and that are seldom named.
///
/// The third parameter of a [`Finally`], a [`Guard`] and a `FinallyStream` is the kind of the handler's cleanup.
///
/// The traits are for functions that are generic over the cleanup: see [`AnyCleanup`](types::AnyCleanup).
pub mod types {
    #[cfg(feature = "std")]
    pub use crate::{
        cleanup::block::{BlockOnCancel, Blocking},
        guards::scope::ScopeStrategy,
    };
    pub use crate::{
        cleanup::{
            Accepts, Awaited, Cleanup,
            in_place::InPlace,
            replace::{ReplaceOnCancel, Replaceable},
            skip::{SkipOnCancel, Skippable},
        },
        methods::handler::{AnyCleanup, WithFate},
    };
}
