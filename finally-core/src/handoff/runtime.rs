//! This thread's place in a tokio runtime.

use alloc::{sync::Arc, task::Wake};
use core::{
    future::{Future, pending},
    pin::pin,
    sync::atomic::{
        AtomicBool, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    task::{Context, Waker},
};

#[cfg(not(target_family = "wasm"))]
use tokio::task::block_in_place;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{AbortHandle, yield_now},
};

use super::park::Parker;
use crate::engine::unwind::quietly;

/// The runtime that is current in this thread.
pub(super) struct Current {
    pub(super) handle: Handle,
}

pub(super) fn current() -> Option<Current> {
    Handle::try_current().ok().map(|handle| Current { handle })
}

impl Current {
    fn is_multi_thread(&self) -> bool {
        self.handle.runtime_flavor() != RuntimeFlavor::CurrentThread
    }

    /// Whether the tasks of the runtime go on while this thread waits for one of them without blocking.
    ///
    /// They do not in a current-thread runtime that this thread has entered but does not drive, by `Handle::block_on` or by
    /// `Handle::enter` with another executor: nobody may be driving it.
    pub(super) fn is_driven(&self) -> bool {
        self.is_multi_thread() || is_inside_scheduler()
    }

    /// Whether the tasks of the runtime go on while this thread blocks.
    ///
    /// They do not in a current-thread runtime that this thread drives: its tasks, timers and sockets wait for this thread.
    pub(super) fn goes_on_without_this_thread(&self) -> bool {
        self.is_multi_thread() || !is_inside_scheduler()
    }

    /// Calls `wait` where the other tasks of this thread go on elsewhere, or does not call it: inside a `LocalSet` they
    /// cannot.
    ///
    /// tokio has no way to ask but to try, and panics there. If a panic aborts the process, `wait` is called in any case.
    pub(super) fn block_in_place(&self, wait: impl FnOnce()) {
        if self.is_multi_thread() && cfg!(panic = "unwind") {
            quietly(|| block_in_place(wait));
        } else if self.is_multi_thread() && is_inside_scheduler() {
            block_in_place(wait);
        } else {
            wait();
        }
    }

    /// Unparks when the runtime shuts down, or if it does already.
    pub(super) fn watch_shutdown(&self, parker: Arc<Parker>) -> Sentinel {
        let over = Arc::<AtomicBool>::default();
        let task = Watch::new(&over, &parker);
        let watch = async move {
            let _task = task;
            pending::<()>().await;
        };
        let task = self.handle.spawn(watch).abort_handle();
        Sentinel { over, parker, task }
    }

    /// Unparks if the runtime has no thread left to run the other tasks of this worker, which it has just given away. A pool that
    /// is shut drops work without a word, and then nobody shuts the tasks down either.
    pub(super) fn watch_pool(&self, sentinel: &Sentinel) {
        let watch = Watch::new(&sentinel.over, &sentinel.parker);
        drop(self.handle.spawn_blocking(move || watch.dismiss()));
    }
}

/// Reports the end of a runtime when it is dropped, which a runtime does with all it holds when it shuts down.
struct Watch {
    over: Arc<AtomicBool>,
    parker: Arc<Parker>,
    dismissed: bool,
}

impl Watch {
    fn new(over: &Arc<AtomicBool>, parker: &Arc<Parker>) -> Self {
        Self { over: Arc::clone(over), parker: Arc::clone(parker), dismissed: false }
    }

    /// Ends without a report.
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

/// A task that only shows, by its end, that its runtime shuts down. It is aborted when nobody looks any more.
pub(super) struct Sentinel {
    over: Arc<AtomicBool>,
    parker: Arc<Parker>,
    task: AbortHandle,
}

impl Sentinel {
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Acquire)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Calls `wait`. On wasm, tokio has no function of this name, because it has no multi-thread runtimes.
#[cfg(target_family = "wasm")]
fn block_in_place(wait: impl FnOnce()) {
    wait();
}

/// Whether this thread is polled by the scheduler of a runtime.
///
/// tokio has no function that says so. But `yield_now` leaves its waker to the scheduler to wake it later, and wakes it at
/// once if there is no scheduler.
fn is_inside_scheduler() -> bool {
    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    std::thread_local! {
        // One for each thread: a scheduler keeps the same waker once, however often it gets it.
        static WAKES: Arc<Wakes> = Arc::default();
    }

    let wakes = WAKES.try_with(Arc::clone).unwrap_or_default();
    let before = wakes.0.load(Relaxed);
    let _ = pin!(yield_now()).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&wakes))));
    wakes.0.load(Relaxed) == before
}
