//! A group: a shared count of cleanups that have not ended, and who waits for its end.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{
    mem,
    task::{Context, Poll, Waker},
};

use super::{
    exempt::{self, Exempt},
    sync::{Arc, AtomicUsize, Mutex, Ordering::SeqCst, lock},
};
use crate::engine::unwind::quietly;

/// The count and a flag share one atomic, so that the order of their changes is never in doubt:
///
/// | bits | meaning |
/// |---|---|
/// | 0 | [`WAITED_FOR`]: somebody may be in the list of waiters |
/// | 1 and up | how many cleanups have not ended, in units of [`ONE`] |
///
/// Nothing is locked while nobody waits.
#[derive(Default)]
pub(crate) struct Group {
    state: AtomicUsize,
    waiters: Mutex<Waiters>,
}

const WAITED_FOR: usize = 1;
const ONE: usize = 2;

#[derive(Default)]
struct Waiters {
    tasks: BTreeMap<Slot, Waiter>,
    /// Groups that have not ended while this one has not. Each of them counts one for it.
    groups: Vec<Arc<Group>>,
}

/// The place of one waiter, however many wakers it comes with one after the other.
pub(super) type Slot = usize;

/// The place of the cleanup that follows a body. A body's group has no other waiter.
pub(super) const OF_BODY: Slot = 0;

struct Waiter {
    waker: Waker,
    /// Held while a cleanup waits that was handed off itself.
    _exempt: Option<Exempt>,
}

impl Group {
    pub(super) const fn new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            waiters: Mutex::new(Waiters { tasks: BTreeMap::new(), groups: Vec::new() }),
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

    /// Counts one less, and wakes those who have waited for the last one.
    pub(super) fn leave(&self) {
        if self.count_down() {
            self.end();
        }
    }

    /// Counts one less. Returns whether that was the last one, and somebody waits for it.
    fn count_down(&self) -> bool {
        self.state.fetch_sub(ONE, SeqCst) == ONE | WAITED_FOR
    }

    #[cold]
    fn end(&self) {
        // A loop and no recursion: a row of groups that wait for each other may be long.
        let mut groups = self.wake();
        while let Some(group) = groups.pop() {
            if group.count_down() {
                groups.append(&mut group.wake());
            }
        }
    }

    /// Wakes the tasks that have waited for this group, if it has ended. Returns the groups that have waited for it.
    fn wake(&self) -> Vec<Arc<Self>> {
        let mut waiters = lock(&self.waiters);
        if !self.has_ended() {
            // One has entered since, and its end will look here again.
            return Vec::new();
        }
        self.state.fetch_and(!WAITED_FOR, SeqCst);
        let Waiters { tasks, groups } = mem::take(&mut *waiters);
        drop(waiters);
        for waiter in tasks.into_values() {
            // In this order: a waiter that goes on counts again, before what it has waited for counts no more.
            drop(waiter._exempt);
            // A waker is code of a user, and this may be a drop.
            quietly(|| waiter.waker.wake());
        }
        groups
    }

    /// Counts one for as long as the ticket exists.
    pub(super) fn ticket(self: &Arc<Self>) -> Ticket {
        self.enter();
        Ticket(Arc::clone(self))
    }

    /// Waits for the end of the group. The last one wakes the task.
    pub(super) fn poll_end(&self, slot: Slot, context: &Context<'_>) -> Poll<()> {
        if self.has_ended() {
            return Poll::Ready(());
        }
        // A new one each time: a wait may go on in another chain than it has begun in. Made without the lock, because a waker is
        // code of a user, and so are those that are woken when a chain becomes exempt.
        let waiter = Waiter { waker: context.waker().clone(), _exempt: exempt::here() };
        let mut waiters = lock(&self.waiters);
        if self.state.fetch_or(WAITED_FOR, SeqCst) < ONE {
            drop(waiters);
            return Poll::Ready(());
        }
        let previous = waiters.tasks.insert(slot, waiter);
        drop(waiters);
        drop(previous);
        Poll::Pending
    }

    /// Gives up a wait, with the waker that it has left here.
    pub(super) fn forget(&self, slot: Slot) {
        let waiter = lock(&self.waiters).tasks.remove(&slot);
        drop(waiter);
    }

    /// Lets another group end only after this one has.
    pub(super) fn hold(&self, outer: &Arc<Self>) {
        let mut waiters = lock(&self.waiters);
        if self.state.fetch_or(WAITED_FOR, SeqCst) >= ONE {
            outer.enter();
            waiters.groups.push(Arc::clone(outer));
        }
    }
}

/// Counts one in a group for as long as it exists.
pub(super) struct Ticket(Arc<Group>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.leave();
    }
}
