//! A tokio runtime owned by the background thread.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    sync::Arc,
};
use core::future::pending;

use tokio::{
    runtime::{Builder, Handle, Runtime, RuntimeFlavor},
    task::AbortHandle,
};

use super::{DRIVES, LIFE, LINGER, Unfinished, Work, start_thread};
use crate::{
    engine::unwind::{catch, text},
    handoff::BoxFuture,
};

pub(super) struct Runner {
    runtime: Arc<Runtime>,
    /// Ends the thread that drives the runtime, if it does not have workers of its own.
    driver: Option<AbortHandle>,
}

/// Starts the runtime.
///
/// # Errors
///
/// The reason, if the system provides no worker thread, timer or sockets.
pub(super) fn start() -> Result<Runner, String> {
    // Building the runtime panics if the worker thread cannot be started.
    let reason = match catch(build) {
        Ok(Ok(runner)) => return Ok(runner),
        Ok(Err(reason)) => reason,
        Err(payload) => text(payload.as_any()),
    };
    Err(alloc::format!("the background thread has no runtime: {reason}"))
}

fn build() -> Result<Runner, String> {
    // The worker is a separate thread: if a worker blocks in place, another thread can replace it. Each drop
    // that blocks occupies a thread, and too few threads would be a deadlock.
    let runtime = new_builder()
        .worker_threads(1)
        .max_blocking_threads(1 << 16)
        .thread_name("finally")
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let mut runner = Runner { runtime: Arc::new(runtime), driver: None };
    if runner.runtime.handle().runtime_flavor() == RuntimeFlavor::CurrentThread {
        runner.drive()?;
    }
    Ok(runner)
}

/// Returns the builder of a multi-thread runtime, or of a current-thread one if no crate of the program turns on
/// tokio's feature `rt-multi-thread`. To turn it on here would compile a scheduler that such a program never uses.
fn new_builder() -> Builder {
    /// An associated function of the type itself takes precedence over one of a trait.
    #[allow(dead_code, reason = "with the feature, the function of the type is called")]
    trait WithoutFeature {
        fn new_multi_thread() -> Builder;
    }

    impl WithoutFeature for Builder {
        fn new_multi_thread() -> Builder {
            Builder::new_current_thread()
        }
    }

    Builder::new_multi_thread()
}

impl Runner {
    /// Starts a thread that drives the runtime until the runner is dropped.
    fn drive(&mut self) -> Result<(), String> {
        let end: BoxFuture = Box::pin(pending());
        let end = self.runtime.spawn(end);
        self.driver = Some(end.abort_handle());
        let runtime = Arc::clone(&self.runtime);
        let drive = move || {
            DRIVES.set(true);
            drop(runtime.block_on(end));
        };
        start_thread("finally", Box::new(drive))
    }

    pub(super) fn spawner(&self) -> Spawner {
        Spawner(self.runtime.handle().clone())
    }

    /// Keeps the runtime until no cleanup is left, and no task that a cleanup has spawned.
    pub(super) fn run(self) {
        let own = usize::from(self.driver.is_some());
        LIFE.wait_until_idle(LINGER, || self.runtime.metrics().num_alive_tasks() == own);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
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
