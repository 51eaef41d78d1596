//! This thread's place in a tokio runtime.

use alloc::{boxed::Box, sync::Arc, task::Wake};
use core::{
    future::{Future, pending},
    pin::pin,
    sync::atomic::{
        AtomicBool, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    task::{Context, Waker},
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{AbortHandle, yield_now},
};

use super::{BoxFuture, park::Parker};
use crate::engine::unwind::quietly;

/// The current runtime of this thread.
pub(super) struct CurrentRuntime {
    pub(super) handle: Handle,
}

pub(super) fn current() -> Option<CurrentRuntime> {
    Handle::try_current().ok().map(|handle| CurrentRuntime { handle })
}

impl CurrentRuntime {
    fn is_multi_thread(&self) -> bool {
        self.handle.runtime_flavor() != RuntimeFlavor::CurrentThread
    }

    /// Returns whether the tasks of the runtime make progress while this thread waits without blocking.
    ///
    /// They may not in a current-thread runtime that this thread has entered but does not drive, by
    /// `Handle::block_on`, or by `Handle::enter` with another executor: possibly no thread drives it.
    pub(super) fn is_driven(&self) -> bool {
        self.is_multi_thread() || is_inside_scheduler()
    }

    /// Returns whether the tasks of the runtime make progress while this thread blocks.
    ///
    /// They do not in a current-thread runtime that this thread drives: its tasks, timers and sockets all need
    /// this thread.
    pub(super) fn goes_on_without_this_thread(&self) -> bool {
        self.is_multi_thread() || !is_inside_scheduler()
    }

    /// Returns whether this thread is a worker, whose tasks go on when it blocks in place.
    pub(super) fn is_worker(&self) -> bool {
        self.is_multi_thread() && is_inside_scheduler()
    }

    /// Returns whether the runtime has a task that has not ended.
    pub(super) fn has_tasks(&self) -> bool {
        self.handle.metrics().num_alive_tasks() > 0
    }

    /// Calls `wait` so that the other tasks of this thread continue on another thread. Inside a `LocalSet` that
    /// is impossible, and `wait` is not called.
    ///
    /// tokio offers no way to check for a `LocalSet`, and its `block_in_place` panics there, so the panic is
    /// caught. With `panic = "abort"`, `wait` is called in any case.
    pub(super) fn block_in_place(&self, wait: impl FnOnce()) {
        if self.is_multi_thread() && cfg!(panic = "unwind") {
            quietly(|| give_up_worker(wait));
        } else if self.is_multi_thread() && is_inside_scheduler() {
            give_up_worker(wait);
        } else {
            wait();
        }
    }

    /// Unparks `parker` when the runtime shuts down, or at once if it is shut down already.
    pub(super) fn watch_shutdown(&self, parker: Arc<Parker>) -> Sentinel {
        let over = Arc::<AtomicBool>::default();
        let task = Watch::new(&over, &parker);
        // Boxed, so that it is of the same type as a task of the background thread: tokio compiles a task anew
        // for each type of a future.
        let watch: BoxFuture = Box::pin(async move {
            let _task = task;
            pending::<()>().await;
        });
        let task = self.handle.spawn(watch).abort_handle();
        Sentinel { over, parker, task: Some(task) }
    }

    /// Does what [`watch_pool`](Self::watch_pool) does, and does not watch the tasks.
    pub(super) fn watch_pool_alone(&self, parker: Arc<Parker>) -> Sentinel {
        let sentinel = Sentinel { over: Arc::default(), parker, task: None };
        self.watch_pool(&sentinel);
        sentinel
    }

    /// Unparks if the runtime has no thread left for the other tasks of this worker, which `block_in_place` has
    /// just given away. A blocking pool that is shut down drops new work silently, and then no thread remains
    /// to shut the tasks down.
    pub(super) fn watch_pool(&self, sentinel: &Sentinel) {
        let watch = Watch::new(&sentinel.over, &sentinel.parker);
        drop(self.handle.spawn_blocking(move || watch.dismiss()));
    }
}

/// A guard that a runtime holds, and drops when it shuts down. The drop signals the shutdown.
struct Watch {
    over: Arc<AtomicBool>,
    parker: Arc<Parker>,
    dismissed: bool,
}

impl Watch {
    fn new(over: &Arc<AtomicBool>, parker: &Arc<Parker>) -> Self {
        Self { over: Arc::clone(over), parker: Arc::clone(parker), dismissed: false }
    }

    /// Drops the guard without a signal.
    fn dismiss(mut self) {
        self.dismissed = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.dismissed {
            self.over.store(true, Release);
            self.parker.unpark();
        }
    }
}

/// A task whose end shows that its runtime shuts down, if the tasks are watched. It is aborted when the sentinel is dropped.
pub(super) struct Sentinel {
    over: Arc<AtomicBool>,
    parker: Arc<Parker>,
    task: Option<AbortHandle>,
}

impl Sentinel {
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Acquire)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Calls `wait` in tokio's `block_in_place`.
///
/// tokio has that function with its feature `rt-multi-thread` only. Every program with a multi-thread runtime turns
/// the feature on. To turn it on here would compile a scheduler for the other programs, which never use it.
fn give_up_worker(wait: impl FnOnce()) {
    #[allow(unused_imports, reason = "there may be no such function")]
    use tokio::task::*;

    block_in_place(wait);
}

/// Replaces the function of the same name in a build of tokio without it: the import of [`give_up_worker`] takes
/// precedence over this. It is never called, because there is no multi-thread runtime then.
#[allow(dead_code, reason = "tokio may have it")]
fn block_in_place(wait: impl FnOnce()) {
    wait();
}

/// Returns whether the scheduler of a runtime is polling on this thread.
///
/// tokio has no function for this. But `yield_now` defers its wake to the scheduler, and wakes at once if there
/// is no scheduler.
fn is_inside_scheduler() -> bool {
    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    std::thread_local! {
        // One waker for each thread: a scheduler that is given the same waker repeatedly stores it once.
        static WAKES: Arc<Wakes> = Arc::default();
    }

    let wakes = WAKES.try_with(Arc::clone).unwrap_or_default();
    let before = wakes.0.load(Relaxed);
    let _ = pin!(yield_now()).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&wakes))));
    wakes.0.load(Relaxed) == before
}
