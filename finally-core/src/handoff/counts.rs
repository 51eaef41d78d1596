//! The counts of unfinished cleanups, and the drains that wait for them.

use core::task::{Context, Poll};

use super::{
    group::Group,
    sync::{AtomicBool, AtomicUsize, Mutex, Ordering::SeqCst, lock},
    waiters::{Waiter, WaiterKey, Waiters},
};
use crate::engine::unwind::quietly;

/// The counts of the process.
pub(super) static PROCESS: Counts = Counts::new();

/// The counts for two kinds of drain. A drain outside all cleanups waits for every cleanup. A drain inside a
/// cleanup waits for the chains that are not waiting themselves.
pub(super) struct Counts {
    pub(super) unfinished: Group,
    pub(super) active: Active,
}

impl Counts {
    pub(super) const fn new() -> Self {
        Self { unfinished: Group::new(), active: Active::new() }
    }
}

/// The number of chains that are not waiting. Drains inside cleanups wait for this count, because otherwise
/// they would wait for each other.
pub(super) struct Active {
    /// This is a single number: a chain could begin to wait between the reads of two separate ones.
    count: AtomicUsize,
    /// Whether a drain may be waiting. While this is `false`, nothing is locked.
    waited_for: AtomicBool,
    waiters: Mutex<Waiters>,
}

impl Active {
    pub(super) const fn new() -> Self {
        Self {
            count: AtomicUsize::new(0),
            waited_for: AtomicBool::new(false),
            waiters: Mutex::new(Waiters::NONE),
        }
    }

    #[inline]
    pub(super) fn one_more(&self) {
        self.count.fetch_add(1, SeqCst);
    }

    /// Counts one less, because a chain has ended or begins to wait.
    #[inline]
    pub(super) fn one_less(&self) {
        self.count.fetch_sub(1, SeqCst);
        if self.waited_for.load(SeqCst) {
            self.wake();
        }
    }

    /// Waits until the count is zero.
    pub(super) fn poll_none(&self, key: WaiterKey, context: &Context<'_>) -> Poll<()> {
        let waiter = Waiter::new(context, None);
        let mut waiters = lock(&self.waiters);
        // The flag is set before the count is read. `one_less` changes the count before it reads the flag, so
        // at least one of the two sees the other's change.
        self.waited_for.store(true, SeqCst);
        if self.is_none() {
            drop(waiters);
            return Poll::Ready(());
        }
        let previous = waiters.insert(key, waiter);
        drop(waiters);
        quietly(|| drop(previous));
        Poll::Pending
    }

    /// Cancels a wait, and drops its waker.
    pub(super) fn forget(&self, key: WaiterKey) {
        let waiter = lock(&self.waiters).remove(key);
        quietly(|| drop(waiter));
    }

    fn is_none(&self) -> bool {
        self.count.load(SeqCst) == 0
    }

    /// Wakes the drains if the count is zero. It is called only while a drain may be waiting.
    #[cold]
    fn wake(&self) {
        if !self.is_none() {
            return;
        }
        let mut waiters = lock(&self.waiters);
        self.waited_for.store(false, SeqCst);
        let waiting = waiters.take();
        drop(waiters);
        waiting.wake();
    }
}
