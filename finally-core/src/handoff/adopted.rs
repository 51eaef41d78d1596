//! The cleanups that were handed off inside a finally, which its own cleanup waits for.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, btree_map::Entry},
};
use core::{
    mem,
    num::NonZeroU32,
    panic::Location,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    task::{Context, Poll, ready},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    BoxFuture,
    chain::{Chain, Job},
    group::{Group, OF_BODY},
    inside,
    sync::Arc,
};

type Shard = BTreeMap<NonZeroU32, Arc<Group>>;

/// The groups of all bodies that have one. Sixteen locks, so that threads nearly never meet at one.
static SHARDS: [Mutex<Shard>; 16] = [const { Mutex::new(Shard::new()) }; 16];

fn shard(key: NonZeroU32) -> MutexGuard<'static, Shard> {
    // Nothing that belongs to a user runs under this lock, so a poisoned one is as good as any.
    SHARDS[key.get() as usize % SHARDS.len()].lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key of a body to its group, or none, which is the rule.
///
/// Four bytes beside the state of the body cost the future half of what a pointer costs. Only bodies inside of which
/// something was handed off ever lock a shard.
#[derive(Default)]
pub(crate) struct GroupKey(Option<NonZeroU32>);

impl GroupKey {
    /// A constant and no call, which every body of the user's crate would have to be prepared to unwind from.
    pub(crate) const NONE: Self = Self(None);

    pub(super) const fn from_raw(key: Option<NonZeroU32>) -> Self {
        Self(key)
    }

    /// Puts back what was taken.
    #[inline]
    pub(super) const fn set_raw(&mut self, key: Option<NonZeroU32>) {
        self.0 = key;
    }

    #[inline]
    pub(super) const fn take_raw(&mut self) -> Option<NonZeroU32> {
        self.0.take()
    }

    #[inline]
    pub(crate) const fn take(&mut self) -> Self {
        mem::replace(self, Self::NONE)
    }

    /// The group under this key, which is made if there is none.
    pub(super) fn group(&mut self) -> Arc<Group> {
        static LAST: AtomicU32 = AtomicU32::new(0);

        if let Some(key) = self.0 {
            return Arc::clone(shard(key).entry(key).or_default());
        }
        loop {
            let Some(key) = NonZeroU32::new(LAST.fetch_add(1, Relaxed) % inside::KEYS) else { continue };
            // After four thousand million bodies, one of the first may still be there.
            if let Entry::Vacant(vacant) = shard(key).entry(key) {
                self.0 = Some(key);
                return Arc::clone(vacant.insert(Arc::default()));
            }
        }
    }

    fn existing(&self) -> Option<Arc<Group>> {
        self.0.and_then(|key| shard(key).get(&key).cloned())
    }

    /// Gives the key back. The group exists for as long as somebody counts in it.
    fn release(&mut self) -> Option<Arc<Group>> {
        let key = self.0.take()?;
        shard(key).remove(&key)
    }

    /// The group, if it has not ended.
    #[inline]
    pub(super) fn take_group(&mut self) -> Option<Arc<Group>> {
        #[cold]
        fn take_group(key: &mut GroupKey) -> Option<Arc<Group>> {
            let group = key.release().filter(|group| !group.has_ended())?;
            // The waker of a task that waited here.
            group.forget(OF_BODY);
            Some(group)
        }

        if self.0.is_none() { None } else { take_group(self) }
    }

    /// Waits until everything has ended that was handed off under this key.
    #[inline]
    pub(crate) fn poll_end(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.0.is_none() { Poll::Ready(()) } else { self.poll_group_end(context) }
    }

    #[cold]
    fn poll_group_end(&mut self, context: &Context<'_>) -> Poll<()> {
        if let Some(group) = self.existing() {
            ready!(group.poll_end(OF_BODY, context));
        }
        self.release();
        Poll::Ready(())
    }
}

/// A body that is dropped without an end has nobody after it who would wait.
impl Drop for GroupKey {
    #[inline]
    fn drop(&mut self) {
        #[cold]
        fn release(key: &mut GroupKey) {
            key.release();
        }

        if self.0.is_some() {
            release(self);
        }
    }
}

/// What was handed off inside a finally that has ended: its own cleanup waits for all of it.
#[derive(Default)]
pub(crate) struct Adopted {
    /// Counts what was started.
    pub(super) key: GroupKey,
    /// What is not started yet, from the drop of a body that was cancelled.
    pub(super) chains: Option<Box<Chain>>,
}

impl Adopted {
    #[inline]
    pub(crate) const fn new(key: GroupKey) -> Self {
        Self { key, chains: None }
    }

    #[inline]
    pub(crate) const fn take(&mut self) -> Self {
        mem::replace(self, Self::new(GroupKey::NONE))
    }

    /// Whether nothing was handed off.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.chains.is_none() && self.key.0.is_none()
    }

    /// Ends, if nothing was handed off.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn into_nothing(self) -> Result<(), Self> {
        if self.is_empty() {
            mem::forget(self);
            Ok(())
        } else {
            Err(self)
        }
    }

    /// Whether there is nothing to wait for.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        // Asked first, because a call that hands nothing off pays for the question only.
        self.is_empty() || self.chains.is_none() && self.key.existing().is_none_or(|group| group.has_ended())
    }

    /// Waits for the end of everything. What is not started yet is driven here, which comes up where a drop blocks only.
    #[inline]
    pub(crate) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(chains) = &mut self.chains {
            ready!(chains.poll_each(context));
            self.chains = None;
        }
        self.key.poll_end(context)
    }

    /// Starts what is not started yet.
    pub(crate) fn start(&mut self) {
        if let Some(chains) = self.chains.take() {
            let _ = self.key.polling(|| chains.into_each(inside::hand_off_kept));
        }
    }

    /// Hands off a cleanup that follows all of it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn hand_off_before(self, cleanup: BoxFuture, location: &'static Location<'static>) {
        let Self { key, chains } = self;
        match chains {
            chains if key.0.is_some() => hand_off_after(chains, key, cleanup, location),
            None => hand_off_alone(cleanup, location),
            Some(chain) => hand_off_behind(chain, cleanup, location),
        }
    }

    /// The key alone, for a cleanup that has started: then there is nothing that waits to be started.
    pub(crate) const fn take_key(&mut self) -> GroupKey {
        self.key.take()
    }
}

// Each is a function of its own: what all of them need together would be paid by each call.

/// Hands off a cleanup that follows nothing.
#[inline(never)]
fn hand_off_alone(cleanup: BoxFuture, location: &'static Location<'static>) {
    inside::hand_off_inline(Chain::of(Job::new(cleanup, location, GroupKey::NONE)));
}

/// Hands off a cleanup that follows a chain.
#[inline(never)]
fn hand_off_behind(chain: Box<Chain>, cleanup: BoxFuture, location: &'static Location<'static>) {
    inside::hand_off_boxed(chain.followed_by(Job::new(cleanup, location, GroupKey::NONE)));
}

/// Hands off a cleanup that follows chains and a group, which may have ended.
#[cold]
fn hand_off_after(
    chains: Option<Box<Chain>>,
    mut key: GroupKey,
    cleanup: BoxFuture,
    location: &'static Location<'static>,
) {
    match (chains, key.take_group()) {
        (None, None) => hand_off_alone(cleanup, location),
        (Some(chain), None) => hand_off_behind(chain, cleanup, location),
        (chains, group @ Some(_)) => {
            inside::hand_off(Chain::after(chains, group, Job::new(cleanup, location, GroupKey::NONE)));
        }
    }
}

/// Hands off a cleanup that stands half-way, and goes on at once. What it has cancelled itself until now is under `key`, and
/// what follows the cleanup waits for that.
pub(crate) fn hand_off(key: GroupKey, cleanup: BoxFuture, location: &'static Location<'static>) {
    inside::hand_off(Chain::of(Job::new(cleanup, location, key)));
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_dropped_leaves_no_group() {
        let mut key = GroupKey::NONE;
        drop(key.group());
        let number = key.0.unwrap();
        assert!(shard(number).contains_key(&number));
        drop(key);
        assert!(!shard(number).contains_key(&number));
    }
}
