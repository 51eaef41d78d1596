//! The place of a cleanup that is being awaited.

use core::{
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
};

use pin_project_lite::pin_project;
use sync_wrapper::SyncWrapper;

pin_project! {
    /// Holds a cleanup that is reached by a unique reference only.
    ///
    /// A future is then `Sync`, `UnwindSafe` and `RefUnwindSafe` if its body is, and its cleanup has no part in that. A cleanup
    /// that panicked is not polled again, so nobody observes the state in which it was left.
    pub struct Exclusive<H> {
        #[pin]
        held: SyncWrapper<H>,
    }
}

impl<H> Exclusive<H> {
    pub(crate) const fn new(held: H) -> Self {
        Self { held: SyncWrapper::new(held) }
    }

    #[inline(always)]
    pub(crate) fn into_inner(self) -> H {
        self.held.into_inner()
    }

    #[inline(always)]
    pub(crate) fn get(self: Pin<&mut Self>) -> Pin<&mut H> {
        self.project().held.get_pin_mut()
    }
}

impl<H> UnwindSafe for Exclusive<H> {}

impl<H> RefUnwindSafe for Exclusive<H> {}
