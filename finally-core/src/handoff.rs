//! The life of a cleanup after its caller has left (P9), and how to wait for it.
//!
//! Two mechanisms carry all of it:
//!
//! * **Executors run.** A cleanup that is handed off goes to an executor at once: the one that was set, else the current tokio
//!   runtime, else a background thread of our own. An executor that drops it before its end, as a runtime does that shuts
//!   down, loses nothing: the cleanup moves to the background thread.
//! * **Groups count and wait.** A [`Group`](group::Group) is a shared count of cleanups that have not ended. The process is
//!   one, and `drain` waits for it. A body has one as soon as something is handed off inside it, and its own cleanup waits
//!   for that one: inner before outer (P6).
//!
//! | module | job |
//! |---|---|
//! | `inside` | which finally this thread is inside of, and where a hand-off goes from there |
//! | `adopted` | the cleanups that were handed off inside a finally, which its own cleanup waits for |
//! | `chain` | cleanups that run one after the other: all that one drop hands off |
//! | `group` | a count of unfinished cleanups, and who waits for its end |
//! | `executor` | which executor takes a chain |
//! | `thread` | the background thread, the executor of last resort |
//! | `block` | driving a cleanup to its end inside a drop: `on_cancel = block` |
//! | `park` | waiting in a thread, and wakes that are meant for that wait alone |
//! | `runtime` | this thread's place in a tokio runtime |
//! | `counts` | how many cleanups have not ended, and who waits for that |
//! | `trackers` | the same for the cleanups of one tracker, and which trackers this thread is inside of |
//! | `span` | the span that a cleanup runs in, and the events of its life, for `tracing` |
//! | `drain` | waiting for the cleanups of the process, or of a tracker |
//! | `exempt` | the cleanups that a `drain` inside a cleanup does not wait for |
//! | `register` | the cleanups that have not ended, with their locations |
//! | `running` | the same as a user sees them |
//! | `sync` | the locks and counters, which a model checker can replace |

mod adopted;
mod block;
mod chain;
mod counts;
mod drain;
mod executor;
mod exempt;
mod group;
mod inside;
mod park;
mod register;
mod running;
#[cfg(feature = "tokio")]
mod runtime;
#[cfg(feature = "tracing")]
mod span;
#[cfg(not(feature = "tracing"))]
#[path = "handoff/span_absent.rs"]
mod span;
mod sync;
mod thread;
mod trackers;

#[cfg(all(test, shuttle))]
mod models;

pub(crate) use adopted::{Adopted, GroupKey, hand_off};
pub(crate) use block::{Drive, block};
pub(crate) use drain::{Drain, DrainTimeout, Of};
pub use drain::{detached, drain, drain_blocking, drain_timeout};
pub use executor::{SetExecutorError, default_executor, give_up, set_executor};
pub(crate) use inside::{Dropping, Outer};
pub use running::{Place, Running, StillRunning, running};
#[cfg(feature = "testing")]
pub(crate) use trackers::of_thread;
pub(crate) use trackers::{Counted, Membership, Trackers};

use alloc::{boxed::Box, vec::Vec};
use core::{future::Future, panic::Location, pin::Pin};

use crate::failure::{self, FailureKind};

/// Whether other threads go on while this one waits.
///
/// wasm has no threads: a wait would never end, and neither `Condvar` nor `Instant` works there.
const HAS_THREADS: bool = !cfg!(target_family = "wasm");

/// A future that an executor takes: a cleanup, or a chain of them, that reports its failures by itself.
pub type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The cleanups of one tracker that have not ended, the oldest first.
pub(crate) fn running_of(tracker: &sync::Arc<Counted>) -> Vec<Running> {
    register::running(Some(tracker))
}

/// Reports a cleanup that nobody is left to run.
pub(crate) fn report_lost(reason: &str, location: &'static Location<'static>) {
    #[cfg(feature = "testing")]
    trackers::here().cleanup_lost();
    failure::report(FailureKind::Lost, reason.into(), location);
}
