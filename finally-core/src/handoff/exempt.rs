//! The cleanups that a `drain` inside a cleanup does not wait for: those that wait themselves.
//!
//! A cleanup that awaits `drain` would wait for itself, and for every cleanup that waits for it. So a chain in which
//! somebody waits for a group, or for a drain, is exempt from the drains inside of other chains for as long as that wait
//! lasts. A drain outside of all cleanups waits for them all the same.

use core::{cell::Cell, mem::ManuallyDrop};

use super::{
    drain,
    sync::{Arc, AtomicUsize, Ordering::SeqCst},
};
use crate::unwind::catch;

/// How many waits of ours are pending inside one chain.
#[derive(Default)]
pub(super) struct Waits(AtomicUsize);

// Neither has a destructor: they are there on a thread that is ending, and cost a load and a store.
std::thread_local! {
    /// Whether this thread polls a chain.
    static POLLING: Cell<bool> = const { Cell::new(false) };
    /// The waits of that chain.
    static WAITS: Cell<ManuallyDrop<Option<Arc<Waits>>>> = const { Cell::new(ManuallyDrop::new(None)) };
}

#[inline]
fn replace(waits: Option<Arc<Waits>>) -> Option<Arc<Waits>> {
    ManuallyDrop::into_inner(WAITS.replace(ManuallyDrop::new(waits)))
}

/// Polls a chain. Its waits are made by the first of them.
#[inline]
pub(super) fn within<R>(waits: &mut Option<Arc<Waits>>, poll: impl FnOnce() -> R) -> R {
    let polling = POLLING.replace(true);
    let outer = replace(waits.take());
    let polled = catch(poll);
    *waits = replace(outer);
    POLLING.set(polling);
    polled.unwrap_or_else(|payload| payload.resume())
}

/// Whether a wait that has begun with `exempt` is inside of the chain that this thread polls, or both are in none.
pub(super) fn is_here(exempt: Option<&Exempt>) -> bool {
    let Some(exempt) = exempt else { return !POLLING.get() };
    let waits = replace(None);
    let is_here = waits.as_ref().is_some_and(|waits| Arc::ptr_eq(waits, &exempt.0));
    replace(waits);
    is_here
}

/// Exempts the chain that this thread polls, if it polls one.
pub(super) fn here() -> Option<Exempt> {
    if !POLLING.get() {
        return None;
    }
    let waits = replace(None).unwrap_or_default();
    replace(Some(Arc::clone(&waits)));
    Some(Exempt::new(waits))
}

/// A wait inside a chain, for as long as it exists.
pub(super) struct Exempt(Arc<Waits>);

impl Exempt {
    fn new(waits: Arc<Waits>) -> Self {
        if waits.0.fetch_add(1, SeqCst) == 0 {
            drain::exempt_one_more();
        }
        Self(waits)
    }
}

impl Drop for Exempt {
    fn drop(&mut self) {
        if self.0.0.fetch_sub(1, SeqCst) == 1 {
            drain::exempt_one_less();
        }
    }
}
