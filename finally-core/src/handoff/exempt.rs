//! The cleanups that a `drain` inside a cleanup does not wait for: those that are waiting themselves.
//!
//! A cleanup that awaits `drain` would wait for itself, and for every cleanup that waits for it. So while a
//! chain contains a wait for a group or for a drain, it is exempt from the drains inside other chains. A drain
//! outside all cleanups waits for it all the same.
//!
//! A wait that is moved out of its chain keeps the exemption until it is polled elsewhere or dropped. Before that
//! nobody can tell: a combinator such as `FuturesUnordered` also polls a wait only after its wake.

use core::mem::{self, ManuallyDrop};

use super::{
    here::HERE,
    sync::{Arc, Mutex, lock},
    trackers::{self, Trackers},
};
use crate::engine::unwind::{Payload, catch};

/// The waits inside one chain.
pub(super) struct PendingWaits {
    state: Mutex<State>,
    /// The trackers of the chain.
    trackers: Trackers,
}

/// A chain is active if it has not ended and no wait inside it is pending.
#[derive(Default)]
struct State {
    pending: usize,
    /// A wait may outlive its chain, if it was moved out of it.
    has_ended: bool,
}

impl PendingWaits {
    pub(super) fn new(trackers: Trackers) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), trackers })
    }

    /// Ends the chain. Returns whether it was active.
    pub(super) fn end(&self) -> bool {
        let mut state = lock(&self.state);
        state.has_ended = true;
        state.pending == 0
    }
}

/// The chain that a thread polls.
pub(super) struct InChain {
    /// 0 if no chain is polled. Otherwise it is the depth of the chain's trackers plus one. The depth is stored
    /// because a tracked future inside the chain may add trackers.
    depth: usize,
    waits: Option<Arc<PendingWaits>>,
}

impl InChain {
    pub(super) const NONE: Self = Self { depth: 0, waits: None };
}

#[inline]
fn replace(current: InChain) -> InChain {
    ManuallyDrop::into_inner(HERE.with(|here| here.chain.replace(ManuallyDrop::new(current))))
}

/// Calls `look` with the chain that this thread polls.
fn with_current<R>(look: impl FnOnce(&mut InChain) -> R) -> R {
    let mut current = replace(InChain::NONE);
    let found = look(&mut current);
    replace(current);
    found
}

/// Returns whether this thread polls a chain.
pub(super) fn is_in_chain() -> bool {
    with_current(|current| current.depth != 0)
}

/// Polls a chain inside its trackers. The first wait in the chain allocates `waits`. Catches a panic, which only
/// the waker of the caller and a `tracing` subscriber can raise.
#[inline]
pub(super) fn within<R>(
    waits: &mut Option<Arc<PendingWaits>>,
    trackers: Trackers,
    poll: impl FnOnce() -> R,
) -> Result<R, Payload> {
    let depth = 1 + trackers::depth(&trackers);
    let outer = replace(InChain { depth, waits: waits.take() });
    let outside = trackers::replace(trackers);
    let ended = catch(poll);
    mem::forget(mem::replace(waits, replace(outer).waits));
    trackers::put_back(outside);
    ended
}

/// Returns whether a wait that began with `exempt` belongs to the chain that this thread polls, or to no chain
/// if it polls none.
pub(super) fn is_here(exempt: Option<&Exempt>) -> bool {
    with_current(|current| match exempt {
        None => current.depth == 0,
        Some(exempt) => current.waits.as_ref().is_some_and(|waits| Arc::ptr_eq(waits, &exempt.0)),
    })
}

/// Exempts the chain that this thread polls, if any.
pub(super) fn here() -> Option<Exempt> {
    let waits = with_current(|current| {
        let depth = current.depth.checked_sub(1)?;
        let waits = current.waits.get_or_insert_with(|| PendingWaits::new(trackers::outermost_here(depth)));
        Some(Arc::clone(waits))
    })?;
    Some(Exempt::new(waits))
}

/// A wait inside a chain. The chain is exempt while this exists.
pub(super) struct Exempt(Arc<PendingWaits>);

impl Exempt {
    pub(super) fn new(waits: Arc<PendingWaits>) -> Self {
        let mut state = lock(&waits.state);
        state.pending += 1;
        let is_first = state.pending == 1;
        drop(state);
        if is_first {
            // Not under the lock, because this may call wakers.
            waits.trackers.one_less_active();
        }
        Self(waits)
    }
}

impl Drop for Exempt {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.pending -= 1;
        if state.pending == 0 && !state.has_ended {
            // Under the lock: if the chain ends now, it is active again before it stops being active.
            self.0.trackers.one_more_active();
        }
    }
}
