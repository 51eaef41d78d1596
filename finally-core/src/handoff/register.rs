//! The register of unfinished cleanups that were handed off, for inspection.

use alloc::vec::Vec;
use core::{
    cmp::Reverse,
    iter,
    panic::Location,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    here::HERE,
    running::{Place, Running},
    slab::Slab,
    sync::Arc,
    trackers::{TrackerCounts, Trackers},
};

pub(super) const SHARDS: u32 = 16;

/// The shards. Each thread uses one of them, so that threads rarely contend for a lock.
static REGISTER: [Shard; SHARDS as usize] = [const { Shard(Mutex::new(Entries::EMPTY)) }; SHARDS as usize];

/// Aligned to avoid false sharing between threads.
#[repr(align(128))]
struct Shard(Mutex<Entries>);

/// The number of entries that a shard keeps memory for. That of a larger peak is released.
const KEPT: usize = 4096;

type Entries = Slab<Entry, KEPT>;

/// The shard of a thread that has none yet.
pub(super) const NONE: u32 = u32::MAX;

/// A point in time. On wasm it is empty, because reading the clock panics there.
#[derive(Clone, Copy)]
struct Moment(#[cfg(not(target_family = "wasm"))] std::time::Instant);

impl Moment {
    #[inline]
    fn now() -> Self {
        Self(
            #[cfg(not(target_family = "wasm"))]
            std::time::Instant::now(),
        )
    }

    #[cfg(not(target_family = "wasm"))]
    #[inline]
    fn duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    #[cfg(target_family = "wasm")]
    const fn duration_since(self, _: Self) -> Duration {
        Duration::ZERO
    }
}

pub(super) type Site = &'static Location<'static>;

/// A task, which is nearly always one cleanup and belongs to no tracker.
struct Entry {
    location: Site,
    since: Moment,
    place: Place,
    more: Option<Arc<More>>,
}

/// The parts of an entry that few tasks need. A chain shares them with its entry.
pub(super) struct More {
    /// The locations of the cleanups after the first one.
    sites: Vec<Site>,
    /// The number of cleanups that have ended. The chain changes it without a lock.
    ended: AtomicUsize,
    trackers: Trackers,
}

impl More {
    /// Creates the part of a chain. The sites are those of the cleanups after the first one.
    pub(super) fn new(sites: Vec<Site>, ended: usize, trackers: Trackers) -> Arc<Self> {
        Arc::new(Self { sites, ended: AtomicUsize::new(ended), trackers })
    }

    /// Creates the part of a cleanup that belongs to trackers.
    pub(super) fn of(trackers: Trackers) -> Arc<Self> {
        Self::new(Vec::new(), 0, trackers)
    }

    /// Removes the first `count` cleanups of a chain from the list.
    #[inline]
    pub(super) fn set_ended(&self, count: usize) {
        self.ended.store(count, Relaxed);
    }
}

impl Entry {
    #[inline]
    fn belongs_to(&self, tracker: &Arc<TrackerCounts>) -> bool {
        self.more.as_ref().is_some_and(|more| more.trackers.contain(tracker))
    }

    /// Returns the locations of the unfinished cleanups.
    #[inline]
    fn locations(&self) -> impl Iterator<Item = Site> {
        let (ended, sites) =
            self.more.as_ref().map_or((0, &[][..]), |more| (more.ended.load(Relaxed), &more.sites[..]));
        iter::once(self.location).chain(sites.iter().copied()).skip(ended)
    }
}

fn get(entries: &mut Entries, index: u32) -> &mut Entry {
    entries.get_mut(index).unwrap_or_else(|| unreachable!("an entry is removed at its end"))
}

#[inline(always)]
fn lock(shard: u32) -> MutexGuard<'static, Entries> {
    // No user code runs under this lock, so a poisoned state is still consistent.
    REGISTER[(shard % SHARDS) as usize].0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the shard of this thread.
#[inline]
pub(super) fn shard_here() -> u32 {
    #[cold]
    fn choose() -> u32 {
        static LAST: AtomicU32 = AtomicU32::new(0);
        LAST.fetch_add(1, Relaxed) % SHARDS
    }

    HERE.with(|here| {
        if here.shard.get() == NONE {
            here.shard.set(choose());
        }
        here.shard.get()
    })
}

/// The entry of a task in the register. [`leave`](Self::leave) removes it.
///
/// It is four bytes, which leaves room for 268 million tasks in a shard. They would need more memory than any
/// machine has.
pub(super) struct Registered(u32);

impl Registered {
    #[inline]
    pub(super) fn new(location: Site, more: Option<Arc<More>>) -> Self {
        let (since, shard) = (Moment::now(), shard_here());
        let index = lock(shard).insert(Entry { location, since, place: Place::Executor, more });
        Self(index * SHARDS + shard)
    }

    const fn shard(&self) -> u32 {
        self.0 % SHARDS
    }

    const fn index(&self) -> u32 {
        self.0 / SHARDS
    }

    /// Returns the trackers of the task.
    #[cold]
    pub(super) fn trackers(&self) -> Trackers {
        let mut entries = lock(self.shard());
        get(&mut entries, self.index()).more.as_ref().map_or(Trackers::NONE, |more| more.trackers.clone())
    }

    pub(super) fn moves_to(&self, place: Place) {
        get(&mut lock(self.shard()), self.index()).place = place;
    }

    /// Removes the whole entry. It is called once.
    #[inline]
    pub(super) fn leave(&self) {
        let more = lock(self.shard()).remove(self.index()).and_then(|entry| entry.more);
        // Not under the lock: it may hold the last reference to a tracker.
        drop(more);
    }
}

/// Returns the unfinished cleanups of the process or of one tracker, the oldest first.
#[inline]
pub(super) fn running(tracker: Option<&Arc<TrackerCounts>>) -> Vec<Running> {
    // The clock is not read under a lock. An entry that is added meanwhile is listed with a time of zero.
    let (now, mut running) = (Moment::now(), Vec::new());
    for shard in 0..SHARDS {
        lock(shard).for_each(|entry| {
            if tracker.is_none_or(|tracker| entry.belongs_to(tracker)) {
                let (since, place) = (now.duration_since(entry.since), entry.place);
                entry.locations().for_each(|location| running.push(Running { location, since, place }));
            }
        });
    }
    running.sort_by_key(|it| Reverse(it.since));
    running
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use core::{
        future::Future,
        task::{Context, Waker},
    };
    use std::boxed::Box;

    use super::*;

    #[test]
    fn a_long_chain_lists_those_that_have_not_ended() {
        const SITES: usize = 30;

        let sites = std::vec![Location::caller(); SITES];
        let more = More::new(sites, 0, Trackers::NONE);
        let (location, since) = (Location::caller(), Moment::now());
        let entry = Entry { location, since, place: Place::Executor, more: Some(Arc::clone(&more)) };
        assert_eq!(entry.locations().count(), 1 + SITES);
        more.set_ended(17);
        assert_eq!(entry.locations().count(), 14);
    }

    #[test]
    fn p10_a_tracked_future_that_is_not_cancelled_locks_nothing() {
        let held: Vec<_> = (0..SHARDS).map(lock).collect();
        let tracker = crate::Tracker::new();
        let mut tracked = Box::pin(tracker.track_future(crate::FinallyExt::finally(async {}, || async {})));
        assert!(tracked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        drop(tracked);
        assert!(tracker.is_empty());
        drop(held);
    }
}
