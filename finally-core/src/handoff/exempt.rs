//! The cleanups that a `drain` inside a cleanup does not wait for: those that are waiting themselves.
//!
//! A cleanup that awaits `drain` would wait for itself, and for every cleanup that waits for it. So while a
//! chain contains a wait for a group or for a drain, it is exempt from the drains inside other chains. A drain
//! outside all cleanups waits for it all the same.

use core::{
    cell::Cell,
    mem::{self, ManuallyDrop},
};

use super::{
    sync::{Arc, AtomicUsize, Ordering::SeqCst},
    trackers::{self, Trackers},
};

/// The number of pending waits inside one chain.
pub(super) struct Waits {
    pending: AtomicUsize,
    /// The trackers of the chain.
    trackers: Trackers,
}

/// The value of [`CHAIN`] if no chain is polled. Otherwise it is the depth of the chain's trackers plus one.
/// The depth is stored because a tracked future inside the chain may add trackers.
const NO_CHAIN: usize = 0;

// None of these has a destructor. So they are accessible on a thread that is ending, and an access is a plain
// load and store.
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

/// Returns whether this thread polls a chain.
pub(super) fn is_in_chain() -> bool {
    CHAIN.get() != NO_CHAIN
}

/// Polls a chain inside its trackers. The first wait in the chain allocates `waits`.
#[inline]
pub(super) fn within<R>(waits: &mut Option<Arc<Waits>>, trackers: &Trackers, poll: impl FnOnce() -> R) -> R {
    /// Restores the outer state on every exit, including an unwind. Its fields are moved and never dropped
    /// here, which saves the drop check of each.
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

/// Returns whether a wait that began with `exempt` belongs to the chain that this thread polls, or to no chain
/// if it polls none.
pub(super) fn is_here(exempt: Option<&Exempt>) -> bool {
    let Some(exempt) = exempt else { return !is_in_chain() };
    let waits = replace(None);
    let is_here = waits.as_ref().is_some_and(|waits| Arc::ptr_eq(waits, &exempt.0));
    replace(waits);
    is_here
}

/// Exempts the chain that this thread polls, if any.
pub(super) fn here() -> Option<Exempt> {
    let depth = CHAIN.get().checked_sub(1)?;
    let waits = replace(None).unwrap_or_else(|| {
        Arc::new(Waits { pending: AtomicUsize::new(0), trackers: trackers::outermost_here(depth) })
    });
    replace(Some(Arc::clone(&waits)));
    Some(Exempt::new(waits))
}

/// A wait inside a chain. The chain is exempt while this exists.
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
