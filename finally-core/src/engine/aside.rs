//! The panic of a drop, while the arguments of its coroutine are dropped.
//!
//! A coroutine that lends its arguments to a cleanup drops them when it returns. If that panics, the value that it returns is lost
//! (<https://github.com/rust-lang/rust/issues/47949>), and with it a panic out of the drop of a cancelled body. So the thread keeps
//! that panic here meanwhile.
//!
//! Nothing is kept in nearly all cases: a coroutine that is cancelled looks whether there is a panic, and no more.

use core::{panic::Location, task::Context};

use crate::engine::unwind::Payload;

/// The panic of a drop, and the location of its `finally`.
pub(crate) struct Aside {
    pub(crate) panic: Option<Payload>,
    pub(crate) location: &'static Location<'static>,
}

/// Names one cancellation: the address of the context of a driver's last poll, which exists as long as that poll.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cancellation(usize);

impl Cancellation {
    pub(crate) fn of(context: &Context<'_>) -> Self {
        Self(core::ptr::from_ref(context).addr())
    }
}

#[cfg(feature = "std")]
pub(crate) use with_std::{set_aside, take, take_last};

#[cfg(feature = "std")]
mod with_std {
    use core::{cell::Cell, mem::ManuallyDrop};
    use std::vec::Vec;

    use super::{Aside, Cancellation};

    type Kept = Vec<(Cancellation, Aside)>;

    std::thread_local! {
        /// The drop of an argument may cancel another coroutine, so there may be several. The last one belongs to the innermost.
        ///
        /// It has no destructor, so it is accessible on a thread that is ending. An empty `Vec` holds no allocation.
        static KEPT: Cell<ManuallyDrop<Kept>> = const { Cell::new(ManuallyDrop::new(Vec::new())) };
    }

    fn with_kept<R>(change: impl FnOnce(&mut Kept) -> R) -> R {
        let replace = |kept| ManuallyDrop::into_inner(KEPT.replace(ManuallyDrop::new(kept)));
        let mut kept = replace(Vec::new());
        let changed = change(&mut kept);
        if !kept.is_empty() {
            replace(kept);
        }
        changed
    }

    /// Keeps a panic for the driver.
    pub(crate) fn set_aside(cancellation: Cancellation, aside: Aside) {
        with_kept(|kept| kept.push((cancellation, aside)));
    }

    /// Takes the panic of the coroutine that has just returned.
    pub(crate) fn take_last() -> Option<Aside> {
        with_kept(Vec::pop).map(|(_, aside)| aside)
    }

    /// Takes the panic of a coroutine that has not returned, because the drop of an argument has panicked.
    pub(crate) fn take(cancellation: Cancellation) -> Option<Aside> {
        let is_last = with_kept(|kept| kept.last().is_some_and(|(it, _)| *it == cancellation));
        if is_last { take_last() } else { None }
    }
}

#[cfg(not(feature = "std"))]
pub(crate) use without_std::{set_aside, take, take_last};

/// Without `std` a panic cannot be caught, so there is none to keep.
#[cfg(not(feature = "std"))]
mod without_std {
    use super::{Aside, Cancellation};

    pub(crate) fn set_aside(_: Cancellation, _: Aside) {}

    pub(crate) const fn take_last() -> Option<Aside> {
        None
    }

    pub(crate) const fn take(_: Cancellation) -> Option<Aside> {
        None
    }
}
