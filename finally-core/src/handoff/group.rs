//! A group: a shared count of unfinished cleanups, and its waiters.

use alloc::vec::Vec;
use core::{
    mem,
    task::{Context, Poll},
};

use super::{
    exempt,
    sync::{Arc, AtomicUsize, Mutex, Ordering::SeqCst, lock},
    waiters::{Waiter, WaiterKey, Waiters},
};
use crate::engine::unwind::quietly;

/// A count of unfinished cleanups. The count and a flag share one atomic, so that their changes have one order:
///
/// | bits | meaning |
/// |---|---|
/// | 0 | [`WAITED_FOR`]: the list of waiters may not be empty |
/// | 1 and up | the number of unfinished cleanups, in units of [`ONE`] |
///
/// Nothing is locked while nobody waits.
pub(crate) struct Group {
    state: AtomicUsize,
    waiting: Mutex<Waiting>,
}

const WAITED_FOR: usize = 1;
const ONE: usize = 2;

struct Waiting {
    tasks: Waiters,
    /// The groups that cannot end before this one. Each of them counts one for it.
    groups: Vec<Arc<Group>>,
}

impl Group {
    pub(super) const fn new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            waiting: Mutex::new(Waiting { tasks: Waiters::NONE, groups: Vec::new() }),
        }
    }

    pub(super) fn unfinished(&self) -> usize {
        self.state.load(SeqCst) / ONE
    }

    pub(super) fn has_ended(&self) -> bool {
        self.unfinished() == 0
    }

    pub(super) fn enter(&self) {
        self.state.fetch_add(ONE, SeqCst);
    }

    /// Counts one less, and wakes the waiters if that was the last one.
    pub(super) fn leave(&self) {
        if self.count_down() {
            self.end();
        }
    }

    /// Counts one less. Returns whether that was the last one and there may be waiters.
    fn count_down(&self) -> bool {
        self.state.fetch_sub(ONE, SeqCst) == ONE | WAITED_FOR
    }

    #[cold]
    fn end(&self) {
        // Loops instead of recursing, because a sequence of groups that wait for each other may be long.
        let mut groups = self.wake();
        while let Some(group) = groups.pop() {
            if group.count_down() {
                groups.append(&mut group.wake());
            }
        }
    }

    /// Wakes the tasks that wait for this group, if it has ended. Returns the groups that wait for it.
    fn wake(&self) -> Vec<Arc<Self>> {
        let mut waiting = lock(&self.waiting);
        if !self.has_ended() {
            // Another cleanup has entered since. When it ends, it checks again.
            return Vec::new();
        }
        self.state.fetch_and(!WAITED_FOR, SeqCst);
        let (tasks, groups) = (waiting.tasks.take(), mem::take(&mut waiting.groups));
        drop(waiting);
        tasks.wake();
        groups
    }

    /// Returns a ticket, which counts one for as long as it exists.
    pub(super) fn ticket(self: &Arc<Self>) -> Ticket {
        self.enter();
        Ticket(Arc::clone(self))
    }

    /// Waits until the group has ended. The last cleanup to leave wakes the task.
    pub(super) fn poll_end(&self, key: WaiterKey, context: &Context<'_>) -> Poll<()> {
        if self.has_ended() {
            return Poll::Ready(());
        }
        // The waiter is created on each poll, because a wait may move to another chain. The wakes that an
        // exemption causes run user code.
        let waiter = Waiter::new(context, exempt::here());
        let mut waiting = lock(&self.waiting);
        if self.state.fetch_or(WAITED_FOR, SeqCst) < ONE {
            drop(waiting);
            return Poll::Ready(());
        }
        let previous = waiting.tasks.insert(key, waiter);
        drop(waiting);
        quietly(|| drop(previous));
        Poll::Pending
    }

    /// Cancels a wait, and drops its waker. If that panics, the waits and the cleanups around it go on.
    pub(super) fn forget(&self, key: WaiterKey) {
        let waiter = lock(&self.waiting).tasks.remove(key);
        quietly(|| drop(waiter));
    }

    /// Keeps `outer` from ending before this group.
    pub(super) fn hold(&self, outer: &Arc<Self>) {
        let mut waiting = lock(&self.waiting);
        if self.state.fetch_or(WAITED_FOR, SeqCst) >= ONE {
            outer.enter();
            waiting.groups.push(Arc::clone(outer));
        }
    }
}

impl Default for Group {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts one in a group for as long as it exists.
pub(super) struct Ticket(Arc<Group>);

impl Ticket {
    /// Keeps the group of this ticket from ending before another one, also after the ticket is gone.
    pub(super) fn extend_to(&self, inner: &Group) {
        inner.hold(&self.0);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.leave();
    }
}
