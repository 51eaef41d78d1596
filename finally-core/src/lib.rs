//! The runtime of [`async-finally`](https://docs.rs/async-finally): what the macros expand to and what they promise.
//!
//! Users depend on `async-finally`, whose library is called `finally` and which re-exports everything public here.
//!
//! | room | holds |
//! |---|---|
//! | [`Fate`] | how a body ended, as its cleanup sees it |
//! | `block` | the body of `finally! { try { .. } .. }`, whose control flow goes on behind the cleanup |
//! | `body` | the future around the user's block: catches panics, takes the cancel signal, adopts cleanups |
//! | `cleanup` | what a cleanup may be, told apart by type |
//! | `evaluate` | calls a cleanup, once, and catches its panic |
//! | `check` | what a handler is refused for, each told once |
//! | `outcome` | how a body ended, with what it left behind |
//! | `settle` | from a body's outcome and its cleanup to the one result |
//! | `guard` | resumes a dropped function once more, in its finally section |
//! | `combinator` | the same for a cleanup that needs none of the function's arguments |
//! | `function` | the same for a function that is not async |
//! | `future_ext`, `stream_ext`, `handler` | the methods, and what they take |
//! | `value_guard`, `acquire`, `scope` | values with a cleanup, how to get them, and several cleanups in one place |
//! | `on_cancel` | cleanups that may borrow and be `!Send`, as values |
//! | `signal` | the waker that means "end now" |
//! | `erased` | trait objects in a debug build, concrete types in a release build |
//! | `exclusive` | the place of a cleanup that is being awaited |
//! | `describe`, `opaque` | the text of a failure, with and without a macro that sees its type |
//! | `handoff` | the life of a cleanup after its caller has left, and how to wait for it |
//! | `settled`, `tracker` | waits for the cleanups of one future, and of one server |
//! | `report`, `failure` | failures that no caller receives |
//!
//! # Features
//!
//! * `std` (default): panics are caught, cleanups can be handed off, failures are reported. Without it the crate is
//!   `no_std` with `alloc`: a panic cannot be caught and runs nothing, a cleanup that is awaited needs `on_cancel = skip`
//!   or `on_cancel = (..)`, and a failure without a caller is dropped.
//! * `tokio`: hand-off to the current tokio runtime; the background thread has a tokio runtime of its own.
//! * `stream`: the methods on streams, and `FusedFuture`.
//! * `testing`: what tests of code that cleans up need.
//! * `tracing`: a cleanup that is handed off keeps its span, and its hand-off, its end and a failure are events.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
mod acquire;
#[allow(missing_docs, reason = "named by expansions only")]
mod armed;
#[allow(missing_docs, reason = "but for `End`, named by expansions only")]
mod block;
#[allow(missing_docs, reason = "named by expansions only")]
mod body;
#[allow(missing_docs, reason = "named in bounds only")]
mod check;
#[allow(missing_docs, reason = "named by expansions only")]
mod cleanup;
mod combinator;
#[allow(missing_docs, reason = "named by expansions only")]
mod deferred;
#[allow(missing_docs, reason = "named by expansions only")]
mod describe;
mod erased;
#[allow(missing_docs, reason = "named by expansions only")]
mod evaluate;
mod exclusive;
#[cfg(feature = "std")]
mod failure;
#[cfg(not(feature = "std"))]
#[path = "failure_absent.rs"]
mod failure;
mod fate;
mod function;
mod future_ext;
mod guard;
#[allow(missing_docs, reason = "named in bounds only")]
mod handler;
#[cfg(feature = "std")]
mod handoff;
#[cfg(not(feature = "std"))]
#[path = "handoff_absent.rs"]
mod handoff;
mod on_cancel;
mod opaque;
#[allow(missing_docs, reason = "named by expansions only")]
mod outcome;
#[allow(missing_docs, reason = "named by expansions only")]
#[doc(hidden)]
pub mod private;
mod report;
mod returned;
#[cfg(feature = "std")]
mod scope;
#[allow(missing_docs, reason = "named by expansions only")]
mod settle;
#[cfg(feature = "std")]
mod settled;
mod signal;
#[cfg(feature = "stream")]
mod stream_ext;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "std")]
mod tracker;
mod unwind;
mod value_guard;

pub use block::End;
pub use cleanup::{Awaited, InPlace};
pub use fate::Fate;
pub use future_ext::{Finally, FinallyExt};
pub use handler::WithFate;
#[cfg(feature = "std")]
pub use on_cancel::{BlockOnCancel, Blocking, block_on_cancel};
pub use on_cancel::{
    ReplaceOnCancel, Replaceable, SkipOnCancel, Skippable, replace_on_cancel, skip_on_cancel,
};
#[cfg(feature = "stream")]
pub use stream_ext::{FinallyStream, FinallyStreamExt};
pub use value_guard::{Guard, guard};

#[cfg(feature = "std")]
pub use acquire::{Acquire, acquire, try_acquire};
#[cfg(feature = "std")]
pub use scope::{Close, Scope};
#[cfg(feature = "std")]
pub use settled::Settled;

#[cfg(feature = "std")]
pub use failure::{Failure, FailureHook, FailureKind, set_failure_hook, take_failure_hook};
#[cfg(feature = "std")]
pub use handoff::{
    BoxFuture, Place, Running, SetExecutorError, StillRunning, default_executor, detached, drain,
    drain_blocking, drain_timeout, give_up, running, set_executor,
};
#[cfg(feature = "std")]
pub use tracker::{Tracked, Tracker};
