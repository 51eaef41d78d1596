//! The counts of unfinished cleanups, and the drains that wait for them.

use alloc::collections::BTreeMap;
use core::{
    mem,
    task::{Context, Poll, Waker},
};

use super::{
    group::{Group, WaiterKey},
    sync::{AtomicBool, AtomicUsize, Mutex, Ordering::SeqCst, lock},
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
    wakers: Mutex<BTreeMap<WaiterKey, Waker>>,
}

impl Active {
    pub(super) const fn new() -> Self {
        Self {
            count: AtomicUsize::new(0),
            waited_for: AtomicBool::new(false),
            wakers: Mutex::new(BTreeMap::new()),
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
        let waker = context.waker().clone();
        let mut wakers = lock(&self.wakers);
        // The flag is set before the count is read. `one_less` changes the count before it reads the flag, so
        // at least one of the two sees the other's change.
        self.waited_for.store(true, SeqCst);
        if self.is_none() {
            drop(wakers);
            return Poll::Ready(());
        }
        let previous = wakers.insert(key, waker);
        drop(wakers);
        drop(previous);
        Poll::Pending
    }

    /// Cancels a wait, and drops its waker.
    pub(super) fn forget(&self, key: WaiterKey) {
        let waker = lock(&self.wakers).remove(&key);
        drop(waker);
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
        let mut wakers = lock(&self.wakers);
        self.waited_for.store(false, SeqCst);
        let waiting = mem::take(&mut *wakers);
        drop(wakers);
        for waker in waiting.into_values() {
            // The waker is user code and may panic, and this may be inside a drop.
            quietly(|| waker.wake());
        }
    }
}
