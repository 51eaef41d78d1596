//! Parks a thread, without consuming the wakes of other code.
//!
//! `thread::park` has one token for each thread, which the surrounding executor uses as well. A wait of ours
//! could consume a wake that is meant for the executor.

use alloc::task::Wake;
use core::{mem, time::Duration};
use std::time::Instant;

use super::sync::{Arc, Condvar, Mutex, lock};

#[derive(Default)]
pub(super) struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    /// Waits for a wake or for the deadline. Returns whether there was a wake.
    pub(super) fn park(&self, deadline: Option<Instant>) -> bool {
        let mut woken = lock(&self.woken);
        while !mem::replace(&mut *woken, false) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            woken = match left {
                None => self.changed.wait(woken).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    self.changed
                        .wait_timeout(woken, left)
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .0
                }
            };
        }
        true
    }

    pub(super) fn unpark(&self) {
        *lock(&self.woken) = true;
        self.changed.notify_all();
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}
