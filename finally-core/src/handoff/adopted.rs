//! The cleanups that were handed off inside a finally, and that its own cleanup waits for.

use alloc::boxed::Box;
use core::{
    mem,
    num::NonZeroU32,
    panic::Location,
    task::{Context, Poll, ready},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    BoxFuture, chain::Chain, group::Group, inside, job::Job, register, slab::Slab, sync::Arc,
    waiters::OF_BODY,
};
use crate::engine::unwind::quietly;

/// The places that a shard keeps. Few bodies have a group at the same time.
const KEPT: usize = 64;

type Groups = Slab<Arc<Group>, KEPT>;

/// The groups of all bodies that have one. There are several locks, so that threads rarely contend for one.
static SHARDS: [Mutex<Groups>; register::SHARDS as usize] =
    [const { Mutex::new(Groups::EMPTY) }; register::SHARDS as usize];

fn lock(shard: u32) -> MutexGuard<'static, Groups> {
    // No user code runs under this lock, so a poisoned state is still consistent.
    SHARDS[(shard % register::SHARDS) as usize].lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the shard and the index of a key.
const fn place(key: NonZeroU32) -> (u32, u32) {
    let place = key.get() - 1;
    (place % register::SHARDS, place / register::SHARDS)
}

/// The key of a body's group. A body has no group until a cleanup is handed off inside it.
///
/// A key is four bytes, which makes the future smaller than a pointer would. Only bodies with a group ever lock
/// a shard.
#[derive(Default)]
pub(crate) struct GroupKey(Option<NonZeroU32>);

impl GroupKey {
    /// This is a constant and not a call, because each body in the user's crate would need a landing pad for
    /// the call.
    pub(crate) const NONE: Self = Self(None);

    pub(super) const fn from_raw(key: Option<NonZeroU32>) -> Self {
        Self(key)
    }

    /// Puts back a key that was taken with [`take_raw`](Self::take_raw).
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

    #[inline]
    pub(super) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the group under this key, and creates it if there is none.
    pub(super) fn group(&mut self) -> Arc<Group> {
        self.existing().unwrap_or_else(|| {
            let (shard, group) = (register::shard_here(), Arc::<Group>::default());
            let index = lock(shard).insert(Arc::clone(&group));
            self.0 = NonZeroU32::new(index * register::SHARDS + shard + 1);
            group
        })
    }

    fn existing(&self) -> Option<Arc<Group>> {
        let (shard, index) = place(self.0?);
        lock(shard).get_mut(index).cloned()
    }

    /// Releases the key. The group itself lives as long as a ticket or a waiter refers to it.
    fn release(&mut self) -> Option<Arc<Group>> {
        let (shard, index) = place(self.0.take()?);
        lock(shard).remove(index)
    }

    /// Releases the key, and returns the group if it has not ended.
    #[inline]
    pub(super) fn take_group(&mut self) -> Option<Arc<Group>> {
        #[cold]
        fn take_group(key: &mut GroupKey) -> Option<Arc<Group>> {
            let group = key.release().filter(|group| !group.has_ended())?;
            // Drops the waker of the task that waited here until now.
            group.forget(OF_BODY);
            Some(group)
        }

        if self.0.is_none() { None } else { take_group(self) }
    }

    /// Waits until all cleanups that were handed off under this key have ended.
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

/// Releases the key of something that is dropped without its end, such as a scope that was given up. The
/// enclosing finally waits for its group.
impl Drop for GroupKey {
    #[inline]
    fn drop(&mut self) {
        #[cold]
        extern "C" fn pass_on(key: &mut GroupKey) {
            // A waker of a task is dropped here.
            quietly(|| {
                if let Some(group) = key.take_group() {
                    inside::pass_on(group);
                }
            });
        }

        if self.0.is_some() {
            pass_on(self);
        }
    }
}

/// The cleanups that were handed off inside a finally that has ended. Its own cleanup waits for all of them.
#[derive(Default)]
pub(crate) struct Adopted {
    /// The group of the chains that were started.
    pub(super) key: GroupKey,
    /// The chains from the drop of a cancelled body. They are not started yet.
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

    /// Returns whether no cleanup was handed off.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.chains.is_none() && self.key.0.is_none()
    }

    /// Consumes this if no cleanup was handed off, and returns it otherwise.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn into_nothing(self) -> Result<(), Self> {
        if self.is_empty() {
            mem::forget(self);
            Ok(())
        } else {
            Err(self)
        }
    }

    /// Returns whether there is nothing to wait for.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        // This is checked first, so that a call without a hand-off pays for this check only.
        self.is_empty() || self.chains.is_none() && self.key.existing().is_none_or(|group| group.has_ended())
    }

    /// Waits until everything has ended. Chains that are not started yet are driven here, which only a drop
    /// that blocks needs.
    #[inline]
    pub(crate) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(chains) = self.chains.take() {
            self.chains = inside::poll_each(chains, context);
            if self.chains.is_some() {
                return Poll::Pending;
            }
        }
        self.key.poll_end(context)
    }

    /// Starts the chains that are not started yet.
    pub(crate) fn start(&mut self) {
        if let Some(chains) = self.chains.take() {
            let _ = self.key.polling(|| chains.into_each(&mut inside::hand_off_kept));
        }
    }

    /// Hands off a cleanup that follows everything adopted.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn hand_off_before(self, cleanup: BoxFuture, location: &'static Location<'static>) {
        let Self { key, chains } = self;
        match chains {
            chains if key.0.is_some() => hand_off_after(chains, key, cleanup, location),
            None => hand_off_alone(cleanup, location),
            Some(chain) => hand_off_behind(chain, cleanup, location),
        }
    }

    /// Takes the key alone, for a cleanup that has started. All chains have been started by then.
    pub(crate) const fn take_key(&mut self) -> GroupKey {
        self.key.take()
    }
}

// These are separate functions: in a single one, each call would pay for all three cases.

/// Hands off a cleanup that follows nothing.
#[inline(never)]
fn hand_off_alone(cleanup: BoxFuture, location: &'static Location<'static>) {
    inside::hand_off(Job::new(cleanup, location));
}

/// Hands off a cleanup that follows a chain. Each level of a cancelled call comes here, and all but the lowest two find room
/// in the chain.
#[inline(never)]
fn hand_off_behind(mut chain: Box<Chain>, cleanup: BoxFuture, location: &'static Location<'static>) {
    #[cold]
    fn hand_off(chain: Box<Chain>, cleanup: BoxFuture, location: &'static Location<'static>) {
        inside::hand_off_chain(chain.followed_by(Job::new(cleanup, location)));
    }

    if !chain.has_room() {
        return hand_off(chain, cleanup, location);
    }
    chain.push(Job::new(cleanup, location));
    inside::hand_off_chain(chain);
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
            inside::hand_off_chain(Chain::after(chains, group, Job::new(cleanup, location)));
        }
    }
}

/// Hands off a cleanup that has started, and continues it at once.
///
/// The cleanups that it has handed off itself are under `key`. The next job in the chain waits for them.
pub(crate) fn hand_off(key: GroupKey, cleanup: BoxFuture, location: &'static Location<'static>) {
    if key.is_none() {
        hand_off_alone(cleanup, location);
    } else {
        inside::hand_off_chain(Chain::of(Job::new(cleanup, location), key));
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_dropped_leaves_no_group() {
        let mut key = GroupKey::NONE;
        drop(key.group());
        let (shard, index) = place(key.0.unwrap());
        assert!(lock(shard).get_mut(index).is_some());
        drop(key);
        assert!(lock(shard).get_mut(index).is_none());
    }
}
