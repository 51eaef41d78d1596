//! A cleanup that has ended when it is evaluated.

use core::future::{Ready, ready};

use super::{Accepts, Cleanup, CleanupValue, Detach, DetachMode, HasEnding, Strategy};
use crate::engine::{
    exit::Exit,
    unwind::Payload,
    verdict::{Rules, Texts, Verdict},
};

/// Marks a cleanup that is evaluated in place: the third parameter of a [`Finally`](crate::Finally), a
/// [`Guard`](crate::Guard) or a `FinallyStream` whose handler gives `()` or a `Result<(), E>`. It is the default there.
pub enum InPlace {}

impl<V: CleanupValue> Cleanup<InPlace> for V {
    const IN_PLACE: bool = true;

    type Value = V;
    type Future = Ready<V>;
    type Work = V;

    fn into_work(self) -> V {
        self
    }

    fn into_future(self) -> Ready<V> {
        ready(self)
    }
}

impl<V> Detach<InPlace, V> for V {
    fn detached(self) -> V {
        self
    }
}

impl<V> DetachMode<V, V> for InPlace {
    type Detached = V;
}

impl<V> HasEnding<InPlace> for V {
    type Ending<T> = Verdict<T>;
}

impl<V, T> Strategy<InPlace, T, V> for V
where
    V: CleanupValue,
    T: Accepts<V>,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn settle(started: Result<V, Payload>, exit: Exit<T>, texts: Texts<T, V>) -> Verdict<T> {
        // We must not hold a `T` across an await here, so adopted cleanups move to the enclosing finally.
        exit.settle_now(started, Rules::new(texts))
    }
}
