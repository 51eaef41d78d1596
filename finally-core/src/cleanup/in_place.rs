//! A cleanup that has ended when it is evaluated.

use core::future::{Ready, ready};

use super::{Cleanup, CleanupValue, Detach, HasEnding, Sealed, Strategy};
use crate::engine::{
    exit::Exit,
    unwind::Payload,
    verdict::{Rules, Verdict},
};

/// Marks a cleanup that is evaluated in place: the third parameter of a [`Finally`](crate::Finally), a
/// [`Guard`](crate::Guard) or a `FinallyStream` whose handler gives `()` or a `Result<(), E>`. It is the default there.
pub enum InPlace {}

impl<V: CleanupValue> Cleanup<InPlace> for V {
    const IN_PLACE: bool = true;

    type Value = V;
    type Future = Ready<V>;
    type Work = V;
    type Detached = V;

    fn into_work(self) -> V {
        self
    }

    fn into_future(self) -> Ready<V> {
        ready(self)
    }
}

impl<V: CleanupValue> Sealed<InPlace> for V {}

impl<V> Detach<InPlace, V> for V {
    fn detached(self) -> V {
        self
    }
}

impl<V> HasEnding<InPlace> for V {
    type Ending<T> = Verdict<T>;
}

impl<V: CleanupValue> Strategy<InPlace, V> for V {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn settle<T>(started: Result<V, Payload>, exit: Exit<T>, rules: Rules<T, V>) -> Verdict<T> {
        // We must not hold a `T` across an await here, so adopted cleanups move to the enclosing finally.
        exit.settle_now(started, rules)
    }
}
