//! Where a cleanup goes whose caller has left (P9), and how to wait for it.
//!
//! In this order: an enclosing finally that is running in this thread; the executor that was set; the current tokio
//! runtime; a background thread of our own. Whoever drops a cleanup before its end, as a runtime does that shuts down,
//! has it moved to the background thread.

mod adopted;
mod block;
mod chain;
mod drain;
mod enclosing;
mod executor;
mod task;
mod thread;

pub(crate) use adopted::Adopted;
pub(crate) use block::block;
pub(crate) use chain::{Chain, Job};
pub use drain::{StillRunning, detached, drain, drain_blocking, drain_timeout};
pub use executor::{AlreadySet, set_executor};
pub use task::Task;
pub(crate) use task::poll_caught;

use alloc::boxed::Box;
use core::{future::Future, pin::Pin};

/// A future that an executor takes: a cleanup, or a chain of them, that reports its failures by itself.
pub type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Hands a chain of cleanups to the first that takes it.
pub(crate) fn hand_off(chain: Chain) {
    if chain.is_empty() {
        return;
    }
    if let Err(chain) = enclosing::adopt(chain) {
        executor::start(chain);
    }
}
