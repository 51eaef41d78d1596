//! The trackers that a cleanup belongs to, and those that this thread is inside of.

use core::{
    iter,
    mem::{self, ManuallyDrop},
};

use super::{
    counts::{Active, Counts, PROCESS},
    here::HERE,
    sync::{Arc, AtomicUsize, Ordering::SeqCst},
};

/// The counts of one tracker.
pub(crate) struct TrackerCounts {
    /// `unfinished` counts cleanups and tracked futures, `active` only chains.
    pub(super) counts: Counts,
    /// Counts tracked futures, and the chains that are not waiting themselves.
    pub(super) active: Active,
    futures: AtomicUsize,
    #[cfg(feature = "testing")]
    lost: AtomicUsize,
}

impl TrackerCounts {
    pub(crate) fn len(&self) -> usize {
        self.counts.unfinished.unfinished()
    }

    pub(crate) fn futures(&self) -> usize {
        self.futures.load(SeqCst)
    }

    /// Returns how many cleanups were lost since the last call.
    #[cfg(feature = "testing")]
    pub(crate) fn take_lost(&self) -> usize {
        self.lost.swap(0, SeqCst)
    }
}

/// A list of trackers without duplicates, the innermost first.
#[derive(Clone, Default)]
pub(crate) struct Trackers(Option<Arc<Link>>);

struct Link {
    tracker: Arc<TrackerCounts>,
    outer: Trackers,
    depth: usize,
}

impl Trackers {
    pub(crate) const NONE: Self = Self(None);

    /// Creates a tracker that is inside no other one.
    pub(crate) fn new() -> (Self, Arc<TrackerCounts>) {
        let tracker = Arc::new(TrackerCounts {
            counts: Counts::new(),
            active: Active::new(),
            futures: AtomicUsize::new(0),
            #[cfg(feature = "testing")]
            lost: AtomicUsize::new(0),
        });
        (Self::NONE.and(Arc::clone(&tracker)), tracker)
    }

    /// Adds a tracker as the new innermost one.
    fn and(self, tracker: Arc<TrackerCounts>) -> Self {
        let depth = self.depth() + 1;
        Self(Some(Arc::new(Link { tracker, outer: self, depth })))
    }

    #[inline]
    pub(super) const fn are_none(&self) -> bool {
        self.0.is_none()
    }

    fn depth(&self) -> usize {
        self.0.as_ref().map_or(0, |link| link.depth)
    }

    /// Returns the outermost `depth` trackers.
    fn outermost(&self, depth: usize) -> Self {
        let mut trackers = self;
        while let Some(link) = trackers.0.as_ref().filter(|link| link.depth > depth) {
            trackers = &link.outer;
        }
        trackers.clone()
    }

    fn each(&self) -> impl Iterator<Item = &Arc<TrackerCounts>> {
        iter::successors(self.0.as_deref(), |link| link.outer.0.as_deref()).map(|link| &link.tracker)
    }

    pub(crate) fn innermost(&self) -> Option<&Arc<TrackerCounts>> {
        self.each().next()
    }

    pub(super) fn contain(&self, tracker: &Arc<TrackerCounts>) -> bool {
        self.each().any(|it| Arc::ptr_eq(it, tracker))
    }

    #[inline]
    fn are(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }

    /// Counts a new chain of one cleanup.
    #[inline]
    pub(super) fn chain_began(&self) {
        self.cleanup_began();
        self.one_more_active();
    }

    /// Counts a cleanup that was handed off.
    #[inline]
    pub(super) fn cleanup_began(&self) {
        PROCESS.unfinished.enter();
        self.for_each(|tracker| tracker.counts.unfinished.enter());
    }

    /// Counts the end of a cleanup. The process is counted last, so that a drain of the process finds the
    /// trackers empty.
    #[inline]
    pub(super) fn cleanup_ended(&self) {
        self.for_each(|tracker| tracker.counts.unfinished.leave());
        PROCESS.unfinished.leave();
    }

    /// Counts a chain that has begun, or has stopped waiting.
    #[inline]
    pub(super) fn one_more_active(&self) {
        PROCESS.active.one_more();
        self.for_each(|tracker| {
            tracker.counts.active.one_more();
            tracker.active.one_more();
        });
    }

    /// Counts a chain that has ended, or begins to wait.
    #[inline]
    pub(super) fn one_less_active(&self) {
        PROCESS.active.one_less();
        self.for_each(|tracker| {
            tracker.counts.active.one_less();
            tracker.active.one_less();
        });
    }

    /// Calls `run` with each tracker. The list is nearly always empty, so the loop is a separate function.
    #[inline]
    fn for_each(&self, run: impl Fn(&TrackerCounts)) {
        #[cold]
        fn for_each(trackers: &Trackers, run: impl Fn(&TrackerCounts)) {
            trackers.each().for_each(|tracker| run(tracker));
        }

        if self.0.is_some() {
            for_each(self, run);
        }
    }

    #[cfg(feature = "testing")]
    pub(super) fn cleanup_lost(&self) {
        self.for_each(|tracker| {
            tracker.lost.fetch_add(1, SeqCst);
        });
    }
}

/// Replaces the trackers of this thread, and returns the previous ones.
#[inline]
pub(super) fn replace(trackers: Trackers) -> Trackers {
    ManuallyDrop::into_inner(HERE.with(|here| here.trackers.replace(ManuallyDrop::new(trackers))))
}

/// Replaces the trackers of this thread, and drops the previous ones.
#[inline]
pub(super) fn put_back(trackers: Trackers) {
    #[cold]
    fn end(trackers: Trackers) {
        drop(trackers);
    }

    let before = replace(trackers);
    if before.0.is_some() {
        end(before);
    } else {
        mem::forget(before);
    }
}

/// Calls `look` with the trackers of the future that this thread polls or drops.
#[inline]
fn with_current<R>(look: impl FnOnce(&Trackers) -> R) -> R {
    let current = replace(Trackers::NONE);
    let found = look(&current);
    replace(current);
    found
}

/// Calls `look` with the trackers of a cleanup that is handed off here.
#[inline]
fn with<R>(look: impl FnOnce(&Trackers) -> R) -> R {
    with_current(|current| {
        #[cfg(feature = "testing")]
        if current.are_none() {
            return of_thread::with(look);
        }
        look(current)
    })
}

/// Returns the trackers of a cleanup that is handed off here.
#[inline]
pub(super) fn here() -> Trackers {
    with(Trackers::clone)
}

/// Returns whether a cleanup that is handed off here has exactly these trackers.
#[inline]
pub(super) fn are_here(trackers: &Trackers) -> bool {
    with(|here| here.are(trackers))
}

/// Returns the outermost `depth` trackers of this thread.
pub(super) fn outermost_here(depth: usize) -> Trackers {
    with_current(|current| current.outermost(depth))
}

/// Returns whether this thread polls or drops a future of the tracker.
pub(super) fn is_inside(tracker: &Arc<TrackerCounts>) -> bool {
    with_current(|current| current.contain(tracker))
}

/// Returns the length of a list, for [`outermost_here`].
#[inline]
pub(super) fn depth(trackers: &Trackers) -> usize {
    trackers.depth()
}

/// Counts a future in its tracker until it is dropped.
pub(crate) struct Membership(Trackers);

impl Membership {
    pub(crate) fn new(tracker: &Trackers) -> Self {
        if let Some(tracker) = tracker.innermost() {
            tracker.counts.unfinished.enter();
            tracker.active.one_more();
            tracker.futures.fetch_add(1, SeqCst);
        }
        Self(tracker.clone())
    }

    /// Runs a poll or the drop of the future, so that cleanups handed off meanwhile belong to the tracker.
    #[inline]
    pub(crate) fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        /// Restores the outer trackers on every exit, including an unwind.
        struct Restore<'a> {
            /// The place from which the trackers were moved to the thread.
            own: Option<&'a mut Trackers>,
            outer: Trackers,
        }

        impl Drop for Restore<'_> {
            #[inline]
            fn drop(&mut self) {
                let inner = replace(mem::replace(&mut self.outer, Trackers::NONE));
                if let Some(own) = self.own.take() {
                    *own = inner;
                }
            }
        }

        // The trackers are moved instead of cloned: otherwise all futures of a tracker would contend for its
        // reference count.
        let _restore = if with(|outer| self.is_linked_to(outer)) || self.link_to(&here()) {
            let outer = replace(mem::replace(&mut self.0, Trackers::NONE));
            Restore { own: Some(&mut self.0), outer }
        } else {
            Restore { own: None, outer: replace(here()) }
        };
        run()
    }

    #[inline]
    fn is_linked_to(&self, outer: &Trackers) -> bool {
        self.0.0.as_ref().is_some_and(|link| link.outer.are(outer))
    }

    /// Adds the tracker in front of the outer ones. Returns `false` if it is one of them already.
    #[cold]
    fn link_to(&mut self, outer: &Trackers) -> bool {
        let Some(tracker) = self.0.innermost().filter(|tracker| !outer.contain(tracker)) else {
            return false;
        };
        self.0 = outer.clone().and(Arc::clone(tracker));
        true
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(tracker) = self.0.innermost() {
            tracker.futures.fetch_sub(1, SeqCst);
            tracker.active.one_less();
            tracker.counts.unfinished.leave();
        }
    }
}

/// The trackers of a test, for cleanups that its thread hands off outside tracked futures.
#[cfg(feature = "testing")]
pub(crate) mod of_thread {
    use core::{cell::Cell, mem::ManuallyDrop};

    use super::Trackers;

    std::thread_local! {
        static OF_THREAD: Cell<ManuallyDrop<Trackers>> = const { Cell::new(ManuallyDrop::new(Trackers::NONE)) };
    }

    pub(crate) fn replace(trackers: Trackers) -> Trackers {
        ManuallyDrop::into_inner(OF_THREAD.replace(ManuallyDrop::new(trackers)))
    }

    #[inline]
    pub(crate) fn with<R>(look: impl FnOnce(&Trackers) -> R) -> R {
        let trackers = replace(Trackers::NONE);
        let found = look(&trackers);
        replace(trackers);
        found
    }
}
