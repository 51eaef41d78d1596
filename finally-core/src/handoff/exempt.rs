//! The cleanups that a `drain` inside a cleanup does not wait for: those that wait themselves.
//!
//! A cleanup that awaits `drain` would wait for itself, and for every cleanup that waits for it. So a chain in which
//! somebody waits for a group, or for a drain, is exempt from the drains inside of other chains for as long as that wait
//! lasts. A drain outside of all cleanups waits for them all the same.

use core::{
    cell::Cell,
    mem::{self, ManuallyDrop},
};

use super::{
    sync::{Arc, AtomicUsize, Ordering::SeqCst},
    trackers::{self, Trackers},
};

/// How many waits of ours are pending inside one chain.
pub(super) struct Waits {
    pending: AtomicUsize,
    /// Those of the chain.
    trackers: Trackers,
}

/// A chain that this thread polls, as one more than the depth of its trackers: a tracked future inside of it may have more.
const NO_CHAIN: usize = 0;

// None has a destructor: they are there on a thread that is ending, and cost a load and a store.
std::thread_local! {
    /// The chain that this thread polls.
    static CHAIN: Cell<usize> = const { Cell::new(NO_CHAIN) };
    /// The waits of that chain.
    static WAITS: Cell<ManuallyDrop<Option<Arc<Waits>>>> = const { Cell::new(ManuallyDrop::new(None)) };
}

#[inline]
fn replace(waits: Option<Arc<Waits>>) -> Option<Arc<Waits>> {
    ManuallyDrop::into_inner(WAITS.replace(ManuallyDrop::new(waits)))
}

/// Whether this thread polls a chain.
pub(super) fn is_in_chain() -> bool {
    CHAIN.get() != NO_CHAIN
}

/// Polls a chain, inside of its trackers. Its waits are made by the first of them.
#[inline]
pub(super) fn within<R>(waits: &mut Option<Arc<Waits>>, trackers: &Trackers, poll: impl FnOnce() -> R) -> R {
    /// Leaves on every way out. What it holds is moved and never dropped here, which would be asked for each.
    struct Within<'a> {
        waits: &'a mut Option<Arc<Waits>>,
        chain: usize,
        outer: ManuallyDrop<Option<Arc<Waits>>>,
        outside: ManuallyDrop<Trackers>,
    }

    impl Drop for Within<'_> {
        #[inline]
        fn drop(&mut self) {
            CHAIN.set(self.chain);
            mem::forget(mem::replace(self.waits, replace(self.outer.take())));
            trackers::put_back(mem::replace(&mut *self.outside, Trackers::NONE));
        }
    }

    let chain = CHAIN.replace(1 + trackers::depth(trackers));
    let outer = ManuallyDrop::new(replace(waits.take()));
    let outside = ManuallyDrop::new(trackers::replace(trackers.clone()));
    let _within = Within { waits, chain, outer, outside };
    poll()
}

/// Whether a wait that has begun with `exempt` is inside of the chain that this thread polls, or both are in none.
pub(super) fn is_here(exempt: Option<&Exempt>) -> bool {
    let Some(exempt) = exempt else { return !is_in_chain() };
    let waits = replace(None);
    let is_here = waits.as_ref().is_some_and(|waits| Arc::ptr_eq(waits, &exempt.0));
    replace(waits);
    is_here
}

/// Exempts the chain that this thread polls, if it polls one.
pub(super) fn here() -> Option<Exempt> {
    let depth = CHAIN.get().checked_sub(1)?;
    let waits = replace(None).unwrap_or_else(|| {
        Arc::new(Waits { pending: AtomicUsize::new(0), trackers: trackers::outermost_here(depth) })
    });
    replace(Some(Arc::clone(&waits)));
    Some(Exempt::new(waits))
}

/// A wait inside a chain, for as long as it exists.
pub(super) struct Exempt(Arc<Waits>);

impl Exempt {
    fn new(waits: Arc<Waits>) -> Self {
        if waits.pending.fetch_add(1, SeqCst) == 0 {
            waits.trackers.one_less_active();
        }
        Self(waits)
    }
}

impl Drop for Exempt {
    fn drop(&mut self) {
        if self.0.pending.fetch_sub(1, SeqCst) == 1 {
            self.0.trackers.one_more_active();
        }
    }
}
