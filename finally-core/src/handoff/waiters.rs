//! The tasks that wait for a count to become zero.

use alloc::vec::Vec;
use core::{
    mem,
    task::{Context, Waker},
};

use super::exempt::Exempt;
use crate::engine::unwind::quietly;

/// The identity of a waiter. A waiter that polls with a new waker replaces its previous one.
pub(super) type WaiterKey = usize;

/// The key of the cleanup that follows a body. The group of a body has no other waiter.
pub(super) const OF_BODY: WaiterKey = 0;

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

/// Waiters in the order of their keys.
///
/// Most of them are added at the end, because the keys are counted upwards. All of them leave at once.
pub(super) struct Waiters(Vec<(WaiterKey, Waiter)>);

impl Waiters {
    pub(super) const NONE: Self = Self(Vec::new());

    /// Adds a waiter, and returns the previous one with its key. It must be dropped without the lock held.
    pub(super) fn insert(&mut self, key: WaiterKey, waiter: Waiter) -> Option<Waiter> {
        match self.position(key) {
            Ok(at) => Some(mem::replace(&mut self.0[at].1, waiter)),
            Err(at) => {
                self.0.insert(at, (key, waiter));
                None
            }
        }
    }

    /// Removes a waiter, which must be dropped without the lock held.
    pub(super) fn remove(&mut self, key: WaiterKey) -> Option<Waiter> {
        Some(self.0.remove(self.position(key).ok()?).1)
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

    fn position(&self, key: WaiterKey) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |(key, _)| *key)
    }
}
