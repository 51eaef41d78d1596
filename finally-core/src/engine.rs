//! Runs a body and its cleanup: one poll, and one drop.
//!
//! **One poll.** A driver polls the coroutine of the function. The coroutine polls the [`body`], which catches its panic, and
//! drops it at its end. The [`exit`] then goes into the evaluation of the cleanup ([`evaluate`](crate::macros::evaluate)),
//! and the two become an [`ending`]. An ending whose cleanup is not awaited is a [`verdict`] at once. Any other one is polled
//! until it is. The driver delivers the verdict.
//!
//! **One drop.** The [`driver`] polls the coroutine a last time, with the [`signal`]. The body sees the signal, drops the
//! user's block, and the coroutine goes on to the cleanup as it does in a poll. The driver abandons the ending: a sync cleanup
//! has run by then, and an async one is handed off ([`handoff`](crate::handoff)).
//!
//! A cleanup that uses no argument needs no coroutine: the [`combinator`] is a future and a handler.
//!
//! | module | job |
//! |---|---|
//! | [`body`] | the future around the user's block: catches panics, takes the cancel signal, adopts cleanups |
//! | [`exit`] | how a body ended, with the cleanups that it adopted |
//! | [`ending`] | a body that has ended together with its cleanup |
//! | [`verdict`] | who gets which failure (P7, P8) |
//! | [`driver`] | resumes a dropped coroutine once more, in its finally section |
//! | [`combinator`] | the same for a cleanup that uses none of the function's arguments |
//! | [`armed`] | `armed = call` |
//! | [`signal`] | the waker that means "end now" |
//! | [`unwind`] | panics as values |
//! | [`aside`] | the panic of a drop, while the arguments of a coroutine are dropped |
//! | [`exclusive`] | the place of a cleanup that is being awaited |
//! | [`depth`] | how deeply the types of futures nest |
//! | [`erased`] | trait objects in a debug build, concrete types in a release build |

#![allow(missing_docs, reason = "named by expansions only")]

pub mod armed;
pub mod aside;
pub mod body;
pub mod combinator;
pub(crate) mod depth;
pub mod driver;
pub mod ending;
pub(crate) mod erased;
pub(crate) mod exclusive;
pub mod exit;
pub(crate) mod signal;
pub(crate) mod unwind;
pub mod verdict;
