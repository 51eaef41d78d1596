//! Where a body keeps the cleanups that it has adopted.

use alloc::collections::BTreeMap;
use core::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::chain::Chain;

static KEPT: Mutex<Kept> = Mutex::new(Kept { chains: BTreeMap::new(), last: 0 });

struct Kept {
    chains: BTreeMap<NonZeroU32, Chain>,
    last: u32,
}

/// Nothing that belongs to a user runs under this lock, so a poisoned one is as good as any.
fn lock() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A body's key to its chain, or nothing, which is the rule.
///
/// Every call of an annotated function carries this, and few ever adopt: four bytes beside the state of the body cost the
/// future half of what a pointer costs, and they are `Send` and `Sync` whatever the cleanups are.
#[derive(Default)]
pub(crate) struct Adopted(Option<NonZeroU32>);

impl Adopted {
    /// A constant and no call, which every body of the user's crate would have to be prepared to unwind from.
    pub(crate) const NONE: Self = Self(None);

    /// The chain, for the time of a poll.
    pub(crate) fn take(&mut self) -> Chain {
        let chain = self.0.take().and_then(|key| lock().chains.remove(&key));
        chain.unwrap_or_default()
    }

    /// Keeps a chain until the next poll.
    pub(crate) fn keep(&mut self, chain: Chain) {
        if chain.is_empty() {
            return;
        }
        let mut kept = lock();
        let key = loop {
            kept.last = kept.last.wrapping_add(1);
            match NonZeroU32::new(kept.last) {
                Some(key) if !kept.chains.contains_key(&key) => break key,
                _ => {}
            }
        };
        kept.chains.insert(key, chain);
        self.0 = Some(key);
    }
}

/// A chain moves on when it is dropped.
impl Drop for Adopted {
    fn drop(&mut self) {
        drop(self.take());
    }
}
