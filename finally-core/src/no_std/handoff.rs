//! Without `std` nothing is handed off: there is no place to keep it, and no cleanup that could be.

use core::task::{Context, Poll};

use crate::engine::unwind::{Payload, catch};

#[derive(Clone, Copy)]
pub(crate) struct GroupKey;

impl GroupKey {
    pub(crate) const NONE: Self = Self;

    pub(crate) const fn take(&mut self) -> Self {
        Self
    }

    pub(crate) const fn enter(&mut self) -> Outer {
        Outer
    }

    pub(crate) const fn leave(&mut self, _: Outer) {}
}

pub(crate) struct Outer;

impl Outer {
    pub(crate) const fn end(self) -> GroupKey {
        GroupKey
    }
}

pub(crate) struct Dropping;

impl Dropping {
    pub(crate) const fn begin() -> Self {
        Self
    }

    pub(crate) const fn end(self, _: GroupKey) -> Adopted {
        Adopted
    }
}

pub(crate) struct Adopted;

impl Adopted {
    pub(crate) const fn new(_: GroupKey) -> Self {
        Self
    }

    pub(crate) const fn take(&mut self) -> Self {
        Self
    }

    pub(crate) const fn take_key(&mut self) -> GroupKey {
        GroupKey
    }

    #[inline]
    pub(crate) fn polling<R>(&mut self, run: impl FnOnce() -> R) -> Result<R, Payload> {
        catch(run)
    }

    pub(crate) fn evaluating<R>(self, run: impl FnOnce() -> R) -> (Self, Result<R, Payload>) {
        (self, catch(run))
    }

    pub(crate) fn dropping(self, drop: impl FnOnce()) -> (Self, Result<(), Payload>) {
        (self, catch(drop))
    }

    pub(crate) const fn has_ended(&self) -> bool {
        true
    }

    pub(crate) fn poll_end(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    pub(crate) fn pass_on(self) {}
}
