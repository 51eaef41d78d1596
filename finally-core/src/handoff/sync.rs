//! Locks and counters. The model checker of `models` brings its own, so that it observes every step between
//! threads.

pub(super) use alloc::sync::Arc;
use std::sync::PoisonError;

#[cfg(all(test, shuttle))]
pub(super) use shuttle::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
#[cfg(not(all(test, shuttle)))]
pub(super) use {
    core::sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    std::sync::{Condvar, Mutex, MutexGuard},
};

/// Locks a mutex. No user code runs under such a lock, so a poisoned state is still consistent.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
