//! The register of unfinished cleanups that were handed off, for inspection.

use alloc::vec::Vec;
use core::{
    cmp::Reverse,
    iter, mem,
    panic::Location,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    here::HERE,
    running::{Place, Running},
    sync::Arc,
    trackers::{TrackerCounts, Trackers},
};

const SHARDS: u32 = 16;

/// The shards. Each thread uses one of them, so that threads rarely contend for a lock.
static REGISTER: [Shard; SHARDS as usize] = [const { Shard(Mutex::new(Entries::NONE)) }; SHARDS as usize];

/// Aligned to avoid false sharing between threads.
#[repr(align(128))]
struct Shard(Mutex<Entries>);

/// The slots of a shard. Free slots form a linked list.
struct Entries {
    slots: Vec<Slot>,
    free: u32,
    used: usize,
}

enum Slot {
    Used(Entry),
    Free { next: u32 },
}

/// The end of a list, and the shard of a thread that has none yet.
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
    /// The locations of the cleanups after the first one. The list takes those that do not fit into the array.
    sites: [Option<Site>; SITES],
    further: Vec<Site>,
    /// The number of cleanups that have ended. The chain changes it without a lock.
    ended: AtomicUsize,
    trackers: Trackers,
}

/// The length of the array. A cancelled call has a cleanup on each level, and this many levels take one
/// allocation together.
const SITES: usize = 15;

impl More {
    /// Creates the part of a chain. The sites are those of the cleanups after the first one.
    pub(super) fn new(mut sites: impl Iterator<Item = Site>, ended: usize, trackers: Trackers) -> Arc<Self> {
        let mut places = [None; SITES];
        for (place, site) in places.iter_mut().zip(&mut sites) {
            *place = Some(site);
        }
        Arc::new(Self { sites: places, further: sites.collect(), ended: AtomicUsize::new(ended), trackers })
    }

    /// Creates the part of a cleanup that belongs to trackers.
    pub(super) fn of(trackers: Trackers) -> Arc<Self> {
        Self::new(iter::empty(), 0, trackers)
    }

    /// Removes the first `count` cleanups of a chain from the list.
    #[inline]
    pub(super) fn set_ended(&self, count: usize) {
        self.ended.store(count, Relaxed);
    }
}

impl Entry {
    fn belongs_to(&self, tracker: &Arc<TrackerCounts>) -> bool {
        self.more.as_ref().is_some_and(|more| more.trackers.contain(tracker))
    }

    /// Returns the locations of the unfinished cleanups.
    fn locations(&self) -> impl Iterator<Item = Site> {
        let rest = self.more.iter().flat_map(|more| more.sites.iter().flatten().chain(&more.further));
        let ended = self.more.as_ref().map_or(0, |more| more.ended.load(Relaxed));
        iter::once(self.location).chain(rest.copied()).skip(ended)
    }
}

/// The number of slots that a shard keeps for later cleanups. The memory of a larger peak is released.
const KEPT: usize = 4096;

impl Entries {
    const NONE: Self = Self { slots: Vec::new(), free: NONE, used: 0 };

    #[inline]
    fn insert(&mut self, entry: Entry) -> u32 {
        self.used += 1;
        let index = self.free;
        match self.slots.get_mut(index as usize) {
            Some(slot @ &mut Slot::Free { next }) => {
                self.free = next;
                *slot = Slot::Used(entry);
                index
            }
            Some(Slot::Used(_)) | None => self.push(entry),
        }
    }

    /// Adds a slot. Reserves many at first, so that reallocation is rare.
    #[cold]
    fn push(&mut self, entry: Entry) -> u32 {
        if self.slots.capacity() == 0 {
            self.slots.reserve(KEPT);
        }
        self.slots.push(Slot::Used(entry));
        (self.slots.len() - 1) as u32
    }

    /// Returns an entry that has not been removed.
    fn get(&mut self, index: u32) -> &mut Entry {
        match self.slots.get_mut(index as usize) {
            Some(Slot::Used(entry)) => entry,
            Some(Slot::Free { .. }) | None => unreachable!("an entry is removed at its end"),
        }
    }

    /// Removes an entry. Returns the parts that must be dropped without the lock held.
    #[inline]
    fn remove(&mut self, index: u32) -> Option<Arc<More>> {
        let slot = self.slots.get_mut(index as usize)?;
        let Slot::Used(entry) = mem::replace(slot, Slot::Free { next: self.free }) else { return None };
        self.free = index;
        self.used -= 1;
        if self.used == 0 && self.slots.len() > KEPT {
            *self = Self::NONE;
        }
        entry.more
    }
}

#[inline(always)]
fn lock(shard: u32) -> MutexGuard<'static, Entries> {
    // No user code runs under this lock, so a poisoned state is still consistent.
    REGISTER[(shard % SHARDS) as usize].0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the shard of this thread.
#[inline]
fn shard_here() -> u32 {
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
        lock(self.shard())
            .get(self.index())
            .more
            .as_ref()
            .map_or(Trackers::NONE, |more| more.trackers.clone())
    }

    pub(super) fn moves_to(&self, place: Place) {
        lock(self.shard()).get(self.index()).place = place;
    }

    /// Removes the whole entry. It is called once.
    #[inline]
    pub(super) fn leave(&self) {
        let more = lock(self.shard()).remove(self.index());
        drop(more);
    }
}

/// Returns the unfinished cleanups of the process or of one tracker, the oldest first.
pub(super) fn running(tracker: Option<&Arc<TrackerCounts>>) -> Vec<Running> {
    let mut running = Vec::new();
    for shard in 0..SHARDS {
        for slot in &lock(shard).slots {
            if let Slot::Used(entry) = slot {
                if tracker.is_none_or(|tracker| entry.belongs_to(tracker)) {
                    running.extend(entry.locations().map(|location| (location, entry.since, entry.place)));
                }
            }
        }
    }
    let now = Moment::now();
    let mut running: Vec<_> = running
        .into_iter()
        .map(|(location, since, place)| Running { location, since: now.duration_since(since), place })
        .collect();
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

    fn insert(entries: &mut Entries, more: Option<Arc<More>>) -> u32 {
        let (location, since) = (Location::caller(), Moment::now());
        entries.insert(Entry { location, since, place: Place::Executor, more })
    }

    #[test]
    fn slots_that_are_free_are_used_again() {
        let mut entries = Entries::NONE;
        let keys = [(); 3].map(|()| insert(&mut entries, None));
        assert_eq!(keys, [0, 1, 2]);
        entries.remove(0);
        entries.remove(2);
        assert_eq!([(); 3].map(|()| insert(&mut entries, None)), [2, 0, 3]);
    }

    #[test]
    fn a_long_chain_lists_those_that_have_not_ended() {
        let mut entries = Entries::NONE;
        let sites = iter::repeat_n(Location::caller(), 2 * SITES);
        let more = More::new(sites, 0, Trackers::NONE);
        let index = insert(&mut entries, Some(Arc::clone(&more)));
        let entry = entries.get(index);
        assert_eq!(entry.locations().count(), 1 + 2 * SITES);
        more.set_ended(SITES + 2);
        assert_eq!(entry.locations().count(), SITES - 1);
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

    #[test]
    fn memory_is_given_back_after_a_crowd() {
        let mut entries = Entries::NONE;
        let mut keys: Vec<_> = (0..=KEPT).map(|_| insert(&mut entries, None)).collect();
        let last = keys.pop().unwrap();
        for key in keys {
            entries.remove(key);
        }
        assert_eq!(entries.get(last).locations().count(), 1);
        entries.remove(last);
        assert_eq!(entries.slots.capacity(), 0);
        assert_eq!(insert(&mut entries, None), 0);
    }

    #[test]
    fn p10_memory_is_kept_after_a_few() {
        let mut entries = Entries::NONE;
        for _ in 0..2 {
            let key = insert(&mut entries, None);
            entries.remove(key);
            assert!(entries.slots.capacity() >= KEPT);
        }
    }
}
