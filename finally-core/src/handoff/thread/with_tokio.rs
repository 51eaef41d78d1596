//! A tokio runtime of the thread's own.

use alloc::string::String;

use tokio::runtime::{Builder, Handle, Runtime};

use super::{LIFE, LINGER, Unfinished, Work};
use crate::engine::unwind::{catch, text};

pub(super) struct Runner(Runtime);

/// Starts the runtime.
///
/// # Errors
///
/// The reason, if the system gives it no worker, no timer or no sockets.
pub(super) fn start() -> Result<Runner, String> {
    // One worker beside this thread, and not this thread itself: a worker may block in place, another one goes on then.
    // Each drop that blocks needs a thread to go on, and too few of them would be a deadlock.
    let build = || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1 << 16)
            .thread_name("finally")
            .enable_all()
            .build()
    };
    // It panics if its worker cannot be started.
    match catch(build) {
        Ok(Ok(runtime)) => Ok(Runner(runtime)),
        Ok(Err(error)) => Err(alloc::format!("the background thread has no runtime: {error}")),
        Err(payload) => {
            Err(alloc::format!("the background thread has no runtime: {}", text(payload.as_any())))
        }
    }
}

impl Runner {
    pub(super) fn spawner(&self) -> Spawner {
        Spawner(self.0.handle().clone())
    }

    /// Keeps the runtime until it is idle: no cleanup is left, and no task that a cleanup has spawned.
    pub(super) fn run(self) {
        LIFE.wait_until_idle(LINGER, || self.0.metrics().num_alive_tasks() == 0);
    }
}

#[derive(Clone)]
pub(super) struct Spawner(Handle);

impl Spawner {
    pub(super) fn spawn(&self, work: Work, unfinished: Unfinished) {
        drop(self.0.spawn(async move {
            work.await;
            drop(unfinished);
        }));
    }
}

/// Blocks a thread that is in no runtime, and so is not a worker.
pub(in super::super) fn block<R>(wait: impl FnOnce() -> R) -> Option<R> {
    Some(wait())
}
