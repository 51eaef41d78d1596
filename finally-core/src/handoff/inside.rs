//! Which finally this thread is inside of, and where a hand-off goes from there.

use alloc::boxed::Box;
use core::{cell::Cell, mem::ManuallyDrop, num::NonZeroU32};

use super::{
    adopted::{Adopted, GroupKey},
    chain::Chain,
    executor,
    group::Group,
    sync::Arc,
};
use crate::unwind::{Payload, catch};

/// The innermost finally.
#[derive(Clone, Copy)]
pub(super) enum Inside {
    /// There is none: a chain is started, and nobody here waits for it.
    Nothing,
    /// A body or an awaited cleanup is polled: a chain is started, and counts in the group under this key.
    Polling(Option<NonZeroU32>),
    /// A body is dropped before its end: a chain is kept until that drop is over. No executor is called in the middle of it,
    /// and the body's own job goes to the end of the chain.
    Dropping,
}

// Neither has a destructor: they are there on a thread that is ending, and cost a load and a store.
std::thread_local! {
    static INSIDE: Cell<Inside> = const { Cell::new(Inside::Nothing) };
    /// The chains that a drop has kept so far.
    static KEPT: Cell<ManuallyDrop<Option<Box<Chain>>>> = const { Cell::new(ManuallyDrop::new(None)) };
}

fn replace_kept(chains: Option<Box<Chain>>) -> Option<Box<Chain>> {
    ManuallyDrop::into_inner(KEPT.replace(ManuallyDrop::new(chains)))
}

impl GroupKey {
    /// Runs something as the inside of a finally that goes on. Catches its panic.
    #[inline]
    pub(crate) fn polling<R>(&mut self, run: impl FnOnce() -> R) -> Result<R, Payload> {
        let outer = INSIDE.replace(Inside::Polling(self.take_raw()));
        let ended = catch(run);
        if let Inside::Polling(key) = INSIDE.replace(outer) {
            *self = Self::from_raw(key);
        }
        ended
    }
}

impl Adopted {
    /// Drops a body as the inside of a finally that is cancelled. Catches its panic.
    pub(crate) fn dropping(&mut self, drop: &mut dyn FnMut()) -> Result<(), Payload> {
        let outer = INSIDE.replace(Inside::Dropping);
        let outer_kept = replace_kept(self.chains.take());
        let dropped = catch(drop);
        self.chains = replace_kept(outer_kept);
        INSIDE.set(outer);
        dropped
    }

    /// Hands off what nobody waits for here. The next finally further out adopts it.
    pub(crate) fn pass_on(mut self) {
        if let Some(chains) = self.chains.take() {
            match INSIDE.get() {
                Inside::Dropping => keep(chains),
                Inside::Nothing | Inside::Polling(_) => chains.into_each(hand_off_kept),
            }
        }
        if let Some(group) = self.take_group() {
            pass_on(group);
        }
    }
}

/// Lets the finally around wait for a group.
fn pass_on(group: Arc<Group>) {
    match INSIDE.get() {
        Inside::Nothing => {}
        Inside::Polling(key) => group.hold(&group_of(key)),
        Inside::Dropping => keep(Box::new(Chain::waiting(group))),
    }
}

/// Hands a chain off, and lets the finally around wait for it.
pub(super) fn hand_off(mut chain: Chain) {
    match INSIDE.get() {
        Inside::Nothing => {}
        Inside::Polling(key) => chain.join(&group_of(key)),
        Inside::Dropping => return keep(Box::new(chain)),
    }
    executor::start(chain);
}

/// Hands a chain off that comes out of the drop of a body.
pub(super) fn hand_off_kept(chain: Box<Chain>) {
    match (INSIDE.get(), chain.into_group()) {
        (_, Ok(group)) => pass_on(group),
        (Inside::Dropping, Err(chain)) => keep(chain),
        (_, Err(chain)) => hand_off(*chain),
    }
}

/// The group of the finally that is polled here, which is made if there is none.
fn group_of(key: Option<NonZeroU32>) -> Arc<Group> {
    let mut key = GroupKey::from_raw(key);
    let group = key.group();
    INSIDE.set(Inside::Polling(key.take_raw()));
    group
}

fn keep(chain: Box<Chain>) {
    let kept = match replace_kept(None) {
        Some(kept) => kept.beside(chain),
        None => chain,
    };
    replace_kept(Some(kept));
}

/// Runs something that is inside of no finally, and must not unwind.
pub(super) fn outside<R>(run: impl FnOnce() -> R) -> R {
    let outer = INSIDE.replace(Inside::Nothing);
    let ended = run();
    INSIDE.set(outer);
    ended
}
