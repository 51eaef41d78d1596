//! The tasks that wait for a count to become zero.

use alloc::vec::Vec;
use core::{
    mem,
    task::{Context, Waker},
};

use super::exempt::Exempt;
use crate::engine::unwind::quietly;

/// The identity of a waiter. A waiter that polls with a new waker replaces its previous one.
pub(super) type Slot = usize;

/// The slot of the cleanup that follows a body. The group of a body has no other waiter.
pub(super) const OF_BODY: Slot = 0;

pub(super) struct Waiter {
    waker: Waker,
    /// Exempts the chain of the waiter, if it is a cleanup that was handed off.
    exempt: Option<Exempt>,
}

impl Waiter {
    /// Creates a waiter. The lock must not be held, because cloning a waker runs user code.
    pub(super) fn new(context: &Context<'_>, exempt: Option<Exempt>) -> Self {
        Self { waker: context.waker().clone(), exempt }
    }
}

/// Waiters in the order of their slots.
///
/// Most of them are added at the end, because the slots are counted upwards. All of them leave at once.
pub(super) struct Waiters(Vec<(Slot, Waiter)>);

impl Waiters {
    pub(super) const NONE: Self = Self(Vec::new());

    /// Adds a waiter, and returns the previous one in its slot. It must be dropped without the lock held.
    pub(super) fn insert(&mut self, slot: Slot, waiter: Waiter) -> Option<Waiter> {
        match self.position(slot) {
            Ok(at) => Some(mem::replace(&mut self.0[at].1, waiter)),
            Err(at) => {
                self.0.insert(at, (slot, waiter));
                None
            }
        }
    }

    /// Removes a waiter, which must be dropped without the lock held.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Waiter> {
        Some(self.0.remove(self.position(slot).ok()?).1)
    }

    pub(super) const fn take(&mut self) -> Self {
        mem::replace(self, Self::NONE)
    }

    /// Wakes all of them.
    pub(super) fn wake(self) {
        for (_, waiter) in self.0 {
            // This is released first: the waiter becomes active again before the cleanup that it has waited for
            // stops being active.
            drop(waiter.exempt);
            // The waker is user code and may panic, and this may be inside a drop.
            quietly(|| waiter.waker.wake());
        }
    }

    fn position(&self, slot: Slot) -> Result<usize, usize> {
        self.0.binary_search_by_key(&slot, |(slot, _)| *slot)
    }
}
