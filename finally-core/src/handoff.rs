//! The life of a cleanup after its caller has left (P9), and ways to wait for it.
//!
//! There are two mechanisms:
//!
//! * **Executors run cleanups.** A cleanup that is handed off goes to an executor at once: the one that was
//!   set, else the current tokio runtime, else our own background thread. If the executor drops the cleanup
//!   before its end, as a runtime does during shutdown, the cleanup moves to the background thread.
//! * **Groups count and wait.** A [`Group`](group::Group) is a shared count of unfinished cleanups. The process
//!   has one, and `drain` waits for it. A body gets one when the first cleanup is handed off inside it, and its
//!   own cleanup waits for that group: inner before outer (P6).
//!
//! | module | job |
//! |---|---|
//! | `inside` | tracks the innermost finally of this thread, and routes hand-offs accordingly |
//! | `adopted` | the cleanups that were handed off inside a finally, and that its own cleanup waits for |
//! | `job` | one cleanup whose caller has left |
//! | `chain` | jobs that run one after the other |
//! | `task` | the future that an executor runs: one job, or a chain |
//! | `group` | a count of unfinished cleanups, and its waiters |
//! | `waiters` | the tasks that wait for a count to become zero |
//! | `executor` | chooses the executor for a task |
//! | `thread` | the background thread, the executor of last resort |
//! | `block` | drives a cleanup to its end inside a drop: `on_cancel = block` |
//! | `park` | parks a thread, without consuming the wakes of other code |
//! | `runtime` | this thread's place in a tokio runtime |
//! | `here` | the state of a thread |
//! | `counts` | the counts that a drain waits for |
//! | `trackers` | the counts of each tracker, and the trackers that this thread is inside |
//! | `span` | the `tracing` span that a cleanup runs in, and its events |
//! | `drain` | waits for the cleanups of the process, or of a tracker |
//! | `exempt` | the cleanups that a `drain` inside a cleanup does not wait for |
//! | `register` | the unfinished cleanups, with their locations |
//! | `slab` | a list whose free places are used again |
//! | `running` | the public view of the register |
//! | `sync` | locks and counters, which a model checker can replace |

mod adopted;
mod block;
mod chain;
mod counts;
mod drain;
mod executor;
mod exempt;
mod group;
mod here;
mod inside;
mod job;
mod park;
mod register;
mod running;
#[cfg(feature = "tokio")]
mod runtime;
mod slab;
#[cfg(feature = "tracing")]
mod span;
#[cfg(not(feature = "tracing"))]
#[path = "handoff/span_absent.rs"]
mod span;
mod sync;
mod task;
mod thread;
mod trackers;
mod waiters;

#[cfg(all(test, shuttle))]
mod models;

pub(crate) use adopted::{Adopted, GroupKey, hand_off};
pub(crate) use block::{BlockedOn, block};
pub(crate) use drain::{Drain, DrainTimeout, Of};
pub use drain::{detached, drain, drain_blocking, drain_timeout};
pub use executor::{SetExecutorError, default_executor, give_up, set_executor};
pub(crate) use inside::{Dropping, Outer};
pub use running::{Place, Running, StillRunning, running};
#[cfg(feature = "testing")]
pub(crate) use trackers::of_thread;
pub(crate) use trackers::{Membership, TrackerCounts, Trackers};

use alloc::{boxed::Box, vec::Vec};
use core::{future::Future, panic::Location, pin::Pin};

use crate::failure::{self, FailureKind};

/// Whether other threads run while this one waits.
///
/// wasm has no threads: a wait would never end, and neither `Condvar` nor `Instant` works there.
const HAS_THREADS: bool = !cfg!(target_family = "wasm");

/// A future that an executor runs: a cleanup or a chain of cleanups, which reports its own failures.
pub type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Returns the unfinished cleanups of one tracker, the oldest first.
#[inline]
pub(crate) fn running_of(tracker: &sync::Arc<TrackerCounts>) -> Vec<Running> {
    register::running(Some(tracker))
}

/// Reports a cleanup that nothing is left to run.
pub(crate) fn report_lost(reason: &str, location: &'static Location<'static>) {
    #[cfg(feature = "testing")]
    trackers::here().cleanup_lost();
    failure::report(FailureKind::Lost, reason.into(), location);
}
