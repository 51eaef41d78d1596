//! The state of a thread: the innermost finally, the chain and the trackers that it is inside of, and what its drop has kept.

use alloc::boxed::Box;
use core::{cell::Cell, mem::ManuallyDrop};

use super::{chain::Chain, exempt::InChain, inside::Inside, register, trackers::Trackers};

/// Holds all of that in one variable, because the address of each costs three instructions and a register.
///
/// Nothing in it has a destructor. So it is accessible on a thread that is ending, and an access is a plain load
/// and store.
///
/// The order of the fields is fixed: an access to the first one needs no address, and each call of a finally
/// accesses `inside` at least four times.
#[repr(C)]
pub(super) struct Here {
    /// The innermost finally.
    pub(super) inside: Cell<Inside>,
    /// The chains that the current drop has kept so far.
    pub(super) kept: Cell<ManuallyDrop<Option<Box<Chain>>>>,
    /// The chain that is polled.
    pub(super) chain: Cell<ManuallyDrop<InChain>>,
    /// The trackers of the future that is polled or dropped.
    pub(super) trackers: Cell<ManuallyDrop<Trackers>>,
    /// The shard of the register.
    pub(super) shard: Cell<u32>,
}

std::thread_local! {
    pub(super) static HERE: Here = const {
        Here {
            inside: Cell::new(Inside::NOTHING),
            kept: Cell::new(ManuallyDrop::new(None)),
            chain: Cell::new(ManuallyDrop::new(InChain::NONE)),
            trackers: Cell::new(ManuallyDrop::new(Trackers::NONE)),
            shard: Cell::new(register::NONE),
        }
    };
}
