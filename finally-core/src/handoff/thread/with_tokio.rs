//! A tokio runtime owned by the background thread.

use alloc::{boxed::Box, string::String};

use tokio::runtime::{Builder, Handle, Runtime};

use super::{LIFE, LINGER, Unfinished, Work};
use crate::{
    engine::unwind::{catch, text},
    handoff::BoxFuture,
};

pub(super) struct Runner(Runtime);

/// Starts the runtime.
///
/// # Errors
///
/// The reason, if the system provides no worker thread, timer or sockets.
pub(super) fn start() -> Result<Runner, String> {
    // The worker is a separate thread: if a worker blocks in place, another thread can replace it. Each drop
    // that blocks occupies a thread, and too few threads would be a deadlock.
    let build = || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1 << 16)
            .thread_name("finally")
            .enable_all()
            .build()
    };
    // Building the runtime panics if the worker thread cannot be started.
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

    /// Keeps the runtime until no cleanup is left, and no task that a cleanup has spawned.
    pub(super) fn run(self) {
        LIFE.wait_until_idle(LINGER, || self.0.metrics().num_alive_tasks() == 0);
    }
}

#[derive(Clone)]
pub(super) struct Spawner(Handle);

impl Spawner {
    pub(super) fn spawn(&self, work: Work, unfinished: Unfinished) {
        // tokio compiles a task anew for each type of a future, and this is not the hot one.
        let boxed: BoxFuture = Box::pin(async move {
            work.await;
            drop(unfinished);
        });
        drop(self.0.spawn(boxed));
    }
}

/// Calls `wait`. This thread is in no runtime, so it is not a worker that another one would have to replace.
pub(in super::super) fn block<R>(wait: impl FnOnce() -> R) -> Option<R> {
    Some(wait())
}
