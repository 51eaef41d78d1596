//! The register of the cleanups that were handed off and have not ended, to be looked at.

use alloc::vec::Vec;
use core::{
    cell::Cell,
    cmp::Reverse,
    mem,
    num::NonZeroU32,
    panic::Location,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    running::{Place, Running},
    sync::Arc,
    trackers::{Counted, Trackers},
};

const SHARDS: u32 = 16;

/// Each thread enters its cleanups in one of them, so that threads nearly never meet at a lock.
static REGISTER: [Shard; SHARDS as usize] = [const { Shard(Mutex::new(Entries::NONE)) }; SHARDS as usize];

/// On a cache line of its own, or two threads would meet at that.
#[repr(align(128))]
struct Shard(Mutex<Entries>);

/// The slots of a shard. Those that are free form a list, and so do the cleanups of each chain.
struct Entries {
    slots: Vec<Slot>,
    free: u32,
    used: usize,
}

struct Slot {
    entry: Option<Entry>,
    next: u32,
}

/// The end of a list.
const NONE: u32 = u32::MAX;

/// A moment of the clock. wasm has none, and to ask for one would panic.
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

type Site = &'static Location<'static>;

/// One cleanup.
struct Entry {
    location: Site,
    since: Moment,
    place: Place,
    /// The chain has them too. So they are never dropped for the last time under the lock.
    trackers: Trackers,
}

/// So many slots are kept for the next cleanups. After a crowd, the memory is given back.
const KEPT: usize = 4096;

impl Entries {
    const NONE: Self = Self { slots: Vec::new(), free: NONE, used: 0 };

    /// Inserts a cleanup in front of a list.
    #[inline]
    fn insert(&mut self, location: Site, since: Moment, trackers: &Trackers, next: u32) -> u32 {
        let entry = Entry { location, since, place: Place::Executor, trackers: trackers.clone() };
        self.used += 1;
        let index = self.free;
        let Some(slot) = self.slots.get_mut(index as usize) else { return self.push(entry, next) };
        self.free = slot.next;
        *slot = Slot { entry: Some(entry), next };
        index
    }

    /// Makes room for many at first, so that the memory grows seldom, and nearly always not at all.
    #[cold]
    fn push(&mut self, entry: Entry, next: u32) -> u32 {
        if self.slots.capacity() == 0 {
            self.slots.reserve(KEPT);
        }
        self.slots.push(Slot { entry: Some(entry), next });
        (self.slots.len() - 1) as u32
    }

    /// Removes the first entry of a list. Returns the next one.
    #[inline]
    fn remove(&mut self, index: u32) -> u32 {
        let Some(slot) = self.slots.get_mut(index as usize) else { return NONE };
        slot.entry = None;
        let next = mem::replace(&mut slot.next, self.free);
        self.free = index;
        self.used -= 1;
        next
    }

    /// Gives memory back after a crowd.
    #[inline]
    fn shrink(&mut self) {
        #[cold]
        fn shrink(entries: &mut Entries) {
            if entries.used == 0 {
                *entries = Entries::NONE;
            }
        }

        if self.slots.len() > KEPT {
            shrink(self);
        }
    }

    fn moves_to(&mut self, place: Place, first: u32) {
        let mut index = first;
        while let Some(slot) = self.slots.get_mut(index as usize) {
            if let Some(entry) = &mut slot.entry {
                entry.place = place;
            }
            index = slot.next;
        }
    }
}

#[inline(always)]
fn lock(shard: u32) -> MutexGuard<'static, Entries> {
    // Nothing that belongs to a user runs under this lock, so a poisoned one is as good as any.
    REGISTER[(shard % SHARDS) as usize].0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shard of this thread.
#[inline]
fn shard_here() -> u32 {
    std::thread_local! {
        static SHARD: Cell<u32> = const { Cell::new(NONE) };
    }

    #[cold]
    fn choose() -> u32 {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let shard = LAST.fetch_add(1, Relaxed) % SHARDS;
        SHARD.set(shard);
        shard
    }

    match SHARD.get() {
        NONE => choose(),
        shard => shard,
    }
}

/// The cleanups of a chain in the register, which are taken out when this is dropped.
///
/// Four bytes in each chain: there is room for 268 million cleanups in a shard, which take more memory than any machine has.
pub(super) struct Registered(NonZeroU32);

impl Registered {
    /// Enters cleanups that run one after the other.
    #[inline]
    pub(super) fn new(first: Site, rest: impl DoubleEndedIterator<Item = Site>, trackers: &Trackers) -> Self {
        let (since, shard) = (Moment::now(), shard_here());
        let mut entries = lock(shard);
        let mut index = NONE;
        // A list begins with what was inserted last.
        for location in rest.rev() {
            index = entries.insert(location, since, trackers, index);
        }
        index = entries.insert(first, since, trackers, index);
        drop(entries);
        Self::at(shard, index)
    }

    fn at(shard: u32, index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index * SHARDS + shard))
    }

    const fn shard(&self) -> u32 {
        (self.0.get() - 1) % SHARDS
    }

    const fn index(&self) -> u32 {
        (self.0.get() - 1) / SHARDS
    }

    /// Takes out the first ones. At least one is left.
    #[cold]
    pub(super) fn ended(&mut self, count: usize) {
        let mut entries = lock(self.shard());
        let first = (0..count).fold(self.index(), |index, _| entries.remove(index));
        drop(entries);
        // The rest stays, and is not taken out by a drop.
        mem::forget(mem::replace(self, Self::at(self.shard(), first)));
    }

    pub(super) fn moves_to(&self, place: Place) {
        lock(self.shard()).moves_to(place, self.index());
    }
}

impl Drop for Registered {
    #[inline]
    fn drop(&mut self) {
        #[cold]
        fn remove(entries: &mut Entries, mut index: u32) {
            while index != NONE {
                index = entries.remove(index);
            }
        }

        let mut entries = lock(self.shard());
        let next = entries.remove(self.index());
        if next != NONE {
            remove(&mut entries, next);
        }
        entries.shrink();
    }
}

/// Those of the process, or of one tracker, the oldest first.
pub(super) fn running(tracker: Option<&Arc<Counted>>) -> Vec<Running> {
    let mut running = Vec::new();
    for shard in 0..SHARDS {
        let entries = lock(shard);
        let all = entries.slots.iter().filter_map(|slot| slot.entry.as_ref());
        let own = all.filter(|entry| tracker.is_none_or(|tracker| entry.trackers.contain(tracker)));
        running.extend(own.map(|entry| (entry.location, entry.since, entry.place)));
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
    use alloc::boxed::Box;
    use core::{
        future::Future,
        task::{Context, Waker},
    };

    use super::*;

    fn insert(entries: &mut Entries, next: u32) -> u32 {
        entries.insert(Location::caller(), Moment::now(), &Trackers::NONE, next)
    }

    #[test]
    fn slots_that_are_free_are_used_again() {
        let mut entries = Entries::NONE;
        let keys = [(); 3].map(|()| insert(&mut entries, NONE));
        assert_eq!(keys, [0, 1, 2]);
        entries.remove(0);
        entries.remove(2);
        assert_eq!([(); 3].map(|()| insert(&mut entries, NONE)), [2, 0, 3]);
    }

    #[test]
    fn a_list_is_removed_from_its_front() {
        let mut entries = Entries::NONE;
        let last = insert(&mut entries, NONE);
        let middle = insert(&mut entries, last);
        let first = insert(&mut entries, middle);
        assert_eq!([first, middle, last].map(|index| entries.remove(index)), [middle, last, NONE]);
        assert_eq!(entries.used, 0);
        assert!(entries.slots.iter().all(|slot| slot.entry.is_none()));
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
        let keys: Vec<_> = (0..=KEPT).map(|_| insert(&mut entries, NONE)).collect();
        for key in keys {
            entries.remove(key);
            entries.shrink();
        }
        assert_eq!(entries.slots.capacity(), 0);
        assert_eq!(insert(&mut entries, NONE), 0);
    }
}
