//! Locks and counters. A model checker brings its own (`--cfg shuttle`), so that it sees every step between threads.

#[cfg(shuttle)]
pub(super) use shuttle::sync::{
    Arc, Condvar, Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};
#[cfg(not(shuttle))]
pub(super) use {
    alloc::sync::Arc,
    core::sync::atomic::{AtomicUsize, Ordering},
    std::sync::{Condvar, Mutex, MutexGuard},
};

use std::sync::PoisonError;

/// Locks a mutex under which no code of a user runs, so that a poisoned one is as good as any.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
