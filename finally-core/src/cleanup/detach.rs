//! A cleanup that is handed off when its caller leaves: `on_cancel = detach`.

use alloc::boxed::Box;
use core::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    Awaited, CleanupValue, Detach, HasEnding, Strategy,
    boxed::{BoxedEnding, InBox, Unawaited, leave_held},
};
use crate::{
    engine::{
        exit::{Exit, Outcome},
        unwind::Payload,
        verdict::{Rules, Texts, raise},
    },
    report::{AnyReporting, Reporting},
};

/// A boxed cleanup that is handed off. Its future's type is erased.
pub struct DetachedCleanup<V>(Pin<Box<dyn AnyReporting<V>>>);

impl<F> Detach<Awaited, DetachedCleanup<F::Output>> for F
where
    // A cancelled caller does not wait, so the cleanup may have to move to another task: it owns what it uses and is
    // `Send`. Own it (`clone` what the cleanup needs), or choose `on_cancel = block` or `on_cancel = skip`.
    F: Future + Send + 'static,
    F::Output: 'static,
{
    #[inline(always)]
    fn detached(self) -> DetachedCleanup<F::Output> {
        // Coerce to `dyn` before pinning: `into_pin` is then instantiated per output, not per function.
        let cleanup: Box<dyn AnyReporting<F::Output>> = Box::new(Reporting::without_report(self));
        DetachedCleanup(Box::into_pin(cleanup))
    }
}

impl<V> Future for DetachedCleanup<V> {
    type Output = V;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<V> {
        self.0.as_mut().poll(context)
    }
}

impl<V> InBox for DetachedCleanup<V> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn leave<T>(ending: &mut BoxedEnding<T, Self>) {
        let Texts { cleanup: describe, location, .. } = ending.rules.texts;
        ending.hand_off(|cleanup| cleanup.0.into_reporting(describe, location));
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn abandon<T>(unawaited: Unawaited<T, Self>) {
        // Destructured, so that no `Exit` is rebuilt in the common case.
        let Unawaited { cleanup, exit: Exit { outcome, drop_panic, adopted }, rules } = unawaited;
        let Rules { texts: Texts { body, cleanup: describe, location }, from_cleanup } = rules;
        match cleanup {
            Ok(cleanup) if matches!(outcome, Outcome::Cancelled) => {
                // It holds nothing. Drop code that is prepared for a panic would keep it, and all beside it, in memory.
                mem::forget(outcome);
                adopted.hand_off_before(cleanup.0.into_reporting(describe, location), location);
                raise(drop_panic, location);
            }
            cleanup => {
                let exit = Exit { outcome, drop_panic, adopted };
                leave_held(cleanup, exit, (body, describe), location, from_cleanup);
            }
        }
    }
}

impl<V> HasEnding<Awaited> for DetachedCleanup<V> {
    type Ending<T> = Unawaited<T, Self>;
}

impl<V: CleanupValue> Strategy<Awaited, V> for DetachedCleanup<V> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn settle<T>(started: Result<Self, Payload>, exit: Exit<T>, rules: Rules<T, V>) -> Unawaited<T, Self> {
        Unawaited::new(started, exit, rules)
    }
}
