//! Tracks the innermost finally of this thread, and routes hand-offs accordingly.

use alloc::{boxed::Box, vec::Vec};
use core::{cell::Cell, mem::ManuallyDrop, num::NonZeroU32, task::Context};

use super::{
    adopted::{Adopted, GroupKey},
    chain::Chain,
    executor,
    group::Group,
    here::HERE,
    job::Job,
    sync::Arc,
    task::Task,
};
use crate::engine::unwind::{Payload, catch, quietly};

/// The innermost finally of a thread: a [`Nesting`] in four bytes, because each call of a finally replaces it
/// at least four times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Inside(u32);

enum Nesting {
    /// No finally: a chain is started, and nothing on this thread waits for it.
    Nothing,
    /// A body or an awaited cleanup is being polled: a chain is started, and counts in the group under this
    /// key.
    Polling(Option<NonZeroU32>),
    /// A body is being dropped before its end: a chain is kept until the drop is over. No executor is called
    /// during the drop, and the body's own job is appended to the chain.
    Dropping,
}

/// An exclusive upper bound of all keys. The values from here on encode the states without a key.
pub(super) const KEYS: u32 = u32::MAX - 1;

impl Inside {
    pub(super) const NOTHING: Self = Self(KEYS);
    const DROPPING: Self = Self(KEYS + 1);

    const fn polling(key: Option<NonZeroU32>) -> Self {
        match key {
            None => Self(0),
            Some(key) => Self(key.get()),
        }
    }

    const fn nesting(self) -> Nesting {
        match self {
            Self::NOTHING => Nesting::Nothing,
            Self::DROPPING => Nesting::Dropping,
            Self(key) => Nesting::Polling(NonZeroU32::new(key)),
        }
    }
}

/// The previous innermost finally, to be restored by [`leave`](GroupKey::leave).
pub(crate) struct Outer(Inside);

std::thread_local! {
    /// The chains that enclosing drops have kept, one entry for each drop that is interrupted by an inner one.
    /// An empty `Vec` holds no allocation, so nothing leaks.
    ///
    /// It has no destructor either, see [`Here`](super::here::Here).
    #[allow(clippy::vec_box, reason = "they move between here and `Here::kept`, which is one word")]
    static KEPT_FURTHER_OUT: Cell<ManuallyDrop<Vec<Box<Chain>>>> = const { Cell::new(ManuallyDrop::new(Vec::new())) };
}

#[inline]
fn inside() -> Inside {
    HERE.with(|here| here.inside.get())
}

#[inline]
fn replace(inside: Inside) -> Inside {
    HERE.with(|here| here.inside.replace(inside))
}

#[inline]
fn replace_kept(chains: Option<Box<Chain>>) -> Option<Box<Chain>> {
    ManuallyDrop::into_inner(HERE.with(|here| here.kept.replace(ManuallyDrop::new(chains))))
}

#[allow(clippy::vec_box, reason = "they move between here and `Here::kept`, which is one word")]
fn replace_kept_further_out(chains: Vec<Box<Chain>>) -> Vec<Box<Chain>> {
    ManuallyDrop::into_inner(KEPT_FURTHER_OUT.replace(ManuallyDrop::new(chains)))
}

/// Begins a new set of kept chains, until [`end_keeping`] is called with the result.
#[inline]
fn begin_keeping(chains: Option<Box<Chain>>) -> KeptBefore {
    match replace_kept(chains) {
        None => KeptBefore { depth: 0 },
        Some(outer) => push_further_out(outer),
    }
}

/// Returns the kept chains, and restores the previous set.
#[inline]
fn end_keeping(before: KeptBefore) -> Option<Box<Chain>> {
    if before.depth == 0 { replace_kept(None) } else { pop_further_out() }
}

#[cold]
extern "C" fn begin_keeping_some(chains: Box<Chain>) -> KeptBefore {
    begin_keeping(Some(chains))
}

#[cold]
extern "C" fn end_keeping_some(before: KeptBefore) -> Option<Box<Chain>> {
    end_keeping(before)
}

/// The previous set of kept chains. It is the last entry of [`KEPT_FURTHER_OUT`] meanwhile.
struct KeptBefore {
    /// The length of that list, and 0 if there was no previous set. A flag would cost each level of a cancelled tree seven
    /// instructions more.
    depth: u32,
}

#[cold]
extern "C" fn push_further_out(chains: Box<Chain>) -> KeptBefore {
    let mut further_out = replace_kept_further_out(Vec::new());
    further_out.push(chains);
    let depth = further_out.len() as u32;
    replace_kept_further_out(further_out);
    KeptBefore { depth }
}

#[cold]
extern "C" fn pop_further_out() -> Option<Box<Chain>> {
    let mut further_out = replace_kept_further_out(Vec::new());
    let outer = further_out.pop();
    if !further_out.is_empty() {
        replace_kept_further_out(further_out);
    }
    replace_kept(outer)
}

/// Polls each of the chains, and returns those that have not ended.
///
/// A cleanup of one may block on another one. So those that are not polled count as kept meanwhile, and
/// [`start_kept`] finds them. A poll of a chain catches all panics of its cleanups.
pub(super) fn poll_each(chains: Box<Chain>, context: &mut Context<'_>) -> Option<Box<Chain>> {
    let (mut next, mut pending) = (Some(chains), None::<Box<Chain>>);
    while let Some(mut chain) = next {
        let before_next = begin_keeping(chain.take_siblings());
        let before_pending = begin_keeping(pending);
        let polled = chain.poll(context);
        pending = end_keeping(before_pending);
        next = end_keeping(before_next);
        if polled.is_pending() {
            pending = Some(match pending {
                Some(others) => others.beside(chain),
                None => chain,
            });
        }
    }
    pending
}

/// Starts all chains that drops on this thread have kept. It is called before this thread waits for one of
/// them, and before a drain is pending, because an executor may block this thread on it.
///
/// Each set is replaced by a chain that waits for the end of the started ones.
pub(super) fn start_kept() {
    let start = |chains: Box<Chain>| {
        let group = Arc::<Group>::default();
        chains.into_each(&mut |chain| chain.start_in(&group));
        Chain::waiting(group)
    };
    let further_out = replace_kept_further_out(Vec::new());
    if !further_out.is_empty() {
        let mut waiting = Vec::with_capacity(further_out.len());
        for chains in further_out {
            waiting.push(start(chains));
        }
        replace_kept_further_out(waiting);
    }
    let kept = replace_kept(None).map(start);
    replace_kept(kept);
}

impl GroupKey {
    /// Enters a finally that is being polled, until [`leave`](Self::leave) is called with the result. Nothing
    /// may unwind in between.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn enter(&mut self) -> Outer {
        Outer(replace(Inside::polling(self.take_raw())))
    }

    /// Returns to the enclosing finally.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn leave(&mut self, outer: Outer) {
        if let Nesting::Polling(key) = replace(outer.0).nesting() {
            self.set_raw(key);
        }
    }

    /// Runs a closure inside a finally that is being polled. Catches a panic.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn polling<R>(&mut self, run: impl FnOnce() -> R) -> Result<R, Payload> {
        let outer = self.enter();
        let ended = catch(run);
        self.leave(outer);
        ended
    }
}

impl Outer {
    /// Returns to the enclosing finally from one that has ended, with the key of that one.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn end(self) -> GroupKey {
        match replace(self.0).nesting() {
            Nesting::Polling(key) => GroupKey::from_raw(key),
            Nesting::Nothing | Nesting::Dropping => GroupKey::NONE,
        }
    }
}

/// A body that is being dropped, inside a cancelled finally. Nothing may unwind until [`end`](Self::end).
pub(crate) struct Dropping {
    outer: Inside,
    before: KeptBefore,
}

impl Dropping {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn begin() -> Self {
        Self::begin_with(None)
    }

    /// Like [`begin`](Self::begin), with chains that were kept before.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin_with(chains: Option<Box<Chain>>) -> Self {
        Self { outer: replace(Inside::DROPPING), before: begin_keeping(chains) }
    }

    /// Returns everything that the body has adopted: the group under its key, and the chains that this drop has
    /// kept.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn end(self, key: GroupKey) -> Adopted {
        let chains = end_keeping(self.before);
        replace(self.outer);
        Adopted { key, chains }
    }
}

impl Adopted {
    /// Runs a closure inside this finally. Catches a panic.
    #[inline]
    pub(crate) fn polling<R>(&mut self, run: impl FnOnce() -> R) -> Result<R, Payload> {
        let (adopted, ended) = self.take().evaluating(run);
        *self = adopted;
        ended
    }

    /// Like [`polling`](Self::polling), by value, for the evaluation of a cleanup. The evaluation may block on
    /// chains that the body has left, so they count as kept meanwhile, and [`start_kept`] finds them.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn evaluating<R>(self, run: impl FnOnce() -> R) -> (Self, Result<R, Payload>) {
        let Self { mut key, chains } = self;
        let before = chains.map(|chains| begin_keeping_some(chains));
        let outer = key.enter();
        let ended = catch(run);
        let key = outer.end();
        let chains = before.and_then(|before| end_keeping_some(before));
        (Self { key, chains }, ended)
    }

    /// Drops a value that is in use inside this finally, and adopts the cleanups that this cancels. Catches a
    /// panic.
    pub(crate) fn dropping(self, drop: impl FnOnce()) -> (Self, Result<(), Payload>) {
        let Self { key, chains } = self;
        let outside = Dropping::begin_with(chains);
        let dropped = catch(drop);
        (outside.end(key), dropped)
    }

    /// Hands off everything that nothing waits for here. The enclosing finally adopts it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn pass_on(self) {
        if !self.is_empty() {
            self.pass_on_some();
        }
    }

    #[cold]
    extern "C" fn pass_on_some(self) {
        let Self { mut key, chains } = self;
        if let Some(chains) = chains {
            match inside().nesting() {
                Nesting::Dropping => keep(chains),
                Nesting::Nothing | Nesting::Polling(_) => chains.into_each(&mut hand_off_kept),
            }
        }
        // A waker of a task is dropped here.
        quietly(|| {
            if let Some(group) = key.take_group() {
                pass_on(group);
            }
        });
    }
}

/// Makes the enclosing finally wait for a group.
pub(super) fn pass_on(group: Arc<Group>) {
    match inside().nesting() {
        Nesting::Nothing => {}
        Nesting::Polling(key) => group.hold(&group_of(key)),
        Nesting::Dropping => keep(Chain::waiting(group)),
    }
}

/// Hands off one job, and makes the enclosing finally wait for it.
#[inline(always)]
pub(super) fn hand_off(job: Job) {
    match inside().nesting() {
        Nesting::Nothing => executor::start_inline(|| Task::of(job, None)),
        Nesting::Polling(key) => hand_off_to(&group_of(key), job),
        Nesting::Dropping => keep(Chain::of(job, GroupKey::NONE)),
    }
}

/// Starts a job that counts in a group.
#[inline(never)]
fn hand_off_to(group: &Arc<Group>, job: Job) {
    executor::start(Task::of(job, Some(group.ticket())), true);
}

/// Like [`hand_off`], for a chain.
#[inline]
pub(super) fn hand_off_chain(chain: Box<Chain>) {
    // Each level of a cancelled call comes here, and only the outermost one starts the chain.
    if let Nesting::Dropping = inside().nesting() { keep(chain) } else { start_chain(chain) }
}

#[inline(never)]
fn start_chain(chain: Box<Chain>) {
    match inside().nesting() {
        Nesting::Polling(key) => chain.start_in(&group_of(key)),
        Nesting::Nothing | Nesting::Dropping => chain.start(None, false),
    }
}

/// Hands off a chain that was kept by the drop of a body.
pub(super) fn hand_off_kept(chain: Box<Chain>) {
    match chain.into_group() {
        Ok(group) => pass_on(group),
        Err(chain) => hand_off_chain(chain),
    }
}

/// Returns the group of the finally that is being polled, and creates it if there is none.
fn group_of(key: Option<NonZeroU32>) -> Arc<Group> {
    let mut key = GroupKey::from_raw(key);
    let group = key.group();
    replace(Inside::polling(key.take_raw()));
    group
}

#[inline]
fn keep(chain: Box<Chain>) {
    if let Some(kept) = replace_kept(Some(chain)) {
        keep_beside(kept);
    }
}

/// Merges the chains that were kept before with the most recent one, as siblings.
#[cold]
fn keep_beside(kept: Box<Chain>) {
    let kept = match replace_kept(None) {
        Some(last) => kept.beside(last),
        None => kept,
    };
    replace_kept(Some(kept));
}

/// Runs a closure that is inside no finally. The closure must not unwind.
#[inline]
pub(super) fn outside<R>(run: impl FnOnce() -> R) -> R {
    let outer = replace(Inside::NOTHING);
    let ended = run();
    replace(outer);
    ended
}
