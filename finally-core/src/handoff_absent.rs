//! Without `std` nothing is handed off: there is no place to keep it, and no cleanup that could be.

use core::task::{Context, Poll};

#[derive(Default)]
pub(crate) struct Chain;

impl Chain {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) fn collect(&mut self, run: &mut dyn FnMut()) {
        run();
    }

    pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

pub(crate) struct Adopted;

impl Adopted {
    pub(crate) const NONE: Self = Self;

    pub(crate) fn take(&mut self) -> Chain {
        Chain
    }

    pub(crate) fn keep(&mut self, _: Chain) {}
}

pub(crate) fn hand_off(_: Chain) {}
