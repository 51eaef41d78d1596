//! How many cleanups have not ended, and who waits for that.

use alloc::collections::BTreeMap;
use core::{
    mem,
    task::{Context, Poll, Waker},
};

use super::{
    group::{Group, Slot},
    sync::{AtomicBool, AtomicUsize, Mutex, Ordering::SeqCst, lock},
};
use crate::engine::unwind::quietly;

/// The counts of the process.
pub(super) static PROCESS: Counts = Counts::new();

/// Two kinds of drains wait here: those outside of all cleanups wait for every cleanup, and those inside of one for the chains
/// that do not wait themselves.
pub(super) struct Counts {
    pub(super) unfinished: Group,
    pub(super) active: Active,
}

impl Counts {
    pub(super) const fn new() -> Self {
        Self { unfinished: Group::new(), active: Active::new() }
    }
}

/// A count of those that do not wait themselves, for drains that would otherwise wait for each other.
pub(super) struct Active {
    /// One number, because two would be read one after the other, and a chain may begin to wait for another one in between. It
    /// wraps for a moment if a chain is lost while it waits.
    count: AtomicUsize,
    /// Whether there may be a drain, so that nothing is locked while there is none.
    waited_for: AtomicBool,
    wakers: Mutex<BTreeMap<Slot, Waker>>,
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

    /// One has ended, or begins to wait.
    #[inline]
    pub(super) fn one_less(&self) {
        self.count.fetch_sub(1, SeqCst);
        if self.waited_for.load(SeqCst) {
            self.wake();
        }
    }

    /// Waits until there is none.
    pub(super) fn poll_none(&self, slot: Slot, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut wakers = lock(&self.wakers);
        // In this order: a change of the count comes first, and then the look at this.
        self.waited_for.store(true, SeqCst);
        if self.is_none() {
            drop(wakers);
            return Poll::Ready(());
        }
        let previous = wakers.insert(slot, waker);
        drop(wakers);
        drop(previous);
        Poll::Pending
    }

    /// Gives up a wait, with the waker that it has left here.
    pub(super) fn forget(&self, slot: Slot) {
        let waker = lock(&self.wakers).remove(&slot);
        drop(waker);
    }

    fn is_none(&self) -> bool {
        self.count.load(SeqCst) as isize <= 0
    }

    /// Called while there may be a drain.
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
            // A waker is code of a user, and this may be a drop.
            quietly(|| waker.wake());
        }
    }
}
