//! How many chains have not ended, and who waits for that.

use alloc::collections::BTreeMap;
use core::{
    mem,
    task::{Context, Poll, Waker},
};

use super::{
    group::{Group, Slot},
    sync::{AtomicBool, AtomicUsize, Mutex, Ordering::SeqCst, lock},
};
use crate::unwind::quietly;

/// Two kinds of drains wait here: those outside of all cleanups wait for every chain, and those inside of one for the chains
/// that do not wait themselves.
pub(super) struct Counts {
    pub(super) chains: Group,
    /// The chains that do not wait themselves. One number, because two would be read one after the other, and a chain may begin
    /// to wait for another one in between. It wraps for a moment if a chain is lost while it waits.
    running: AtomicUsize,
    /// Whether there may be a drain inside of a cleanup, so that nothing is locked while there is none.
    inside: AtomicBool,
    inside_wakers: Mutex<BTreeMap<Slot, Waker>>,
}

impl Counts {
    pub(super) const fn new() -> Self {
        Self {
            chains: Group::new(),
            running: AtomicUsize::new(0),
            inside: AtomicBool::new(false),
            inside_wakers: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn chain_began(&self) {
        self.chains.enter();
        self.running.fetch_add(1, SeqCst);
    }

    pub(super) fn chain_ended(&self) {
        self.running.fetch_sub(1, SeqCst);
        self.chains.leave();
        if self.inside.load(SeqCst) {
            self.wake_inside();
        }
    }

    pub(super) fn exempt_one_more(&self) {
        self.running.fetch_sub(1, SeqCst);
        if self.inside.load(SeqCst) {
            self.wake_inside();
        }
    }

    pub(super) fn exempt_one_less(&self) {
        self.running.fetch_add(1, SeqCst);
    }

    /// Waits inside of a cleanup, which is exempt by then.
    pub(super) fn poll_inside(&self, slot: Slot, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut wakers = lock(&self.inside_wakers);
        // In this order: a change of a count comes first, and then the look at this.
        self.inside.store(true, SeqCst);
        if self.only_exempt_are_left() {
            drop(wakers);
            return Poll::Ready(());
        }
        let previous = wakers.insert(slot, waker);
        drop(wakers);
        drop(previous);
        Poll::Pending
    }

    /// Gives up a wait inside of a cleanup, with the waker that it has left here.
    pub(super) fn forget_inside(&self, slot: Slot) {
        let waker = lock(&self.inside_wakers).remove(&slot);
        drop(waker);
    }

    fn only_exempt_are_left(&self) -> bool {
        self.running.load(SeqCst) as isize <= 0
    }

    /// Called while there may be a drain inside of a cleanup.
    #[cold]
    fn wake_inside(&self) {
        if !self.only_exempt_are_left() {
            return;
        }
        let mut wakers = lock(&self.inside_wakers);
        self.inside.store(false, SeqCst);
        let waiting = mem::take(&mut *wakers);
        drop(wakers);
        for waker in waiting.into_values() {
            // A waker is code of a user, and this may be a drop.
            quietly(|| waker.wake());
        }
    }
}
