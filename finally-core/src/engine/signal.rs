//! The cancel signal: a guard that is dropped early polls its coroutine once more with a waker that means "end now".
//!
//! The signal is [`Waker::noop`], which needs no thread-local, no allocation and no `unsafe`. A caller may poll with
//! that very waker, so a guard passes it on under another identity, and only a guard's own last poll ever carries it.

use alloc::{sync::Arc, task::Wake};
use core::task::{Context, Waker};

/// One static, because the address of `Waker::noop()` may differ from one codegen unit to the next.
static SIGNAL: &Waker = Waker::noop();

/// The context of a guard's last poll.
pub(crate) fn context() -> Context<'static> {
    Context::from_waker(SIGNAL)
}

/// Whether this poll is a guard's last one.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn is_cancel(context: &Context<'_>) -> bool {
    context.waker().will_wake(SIGNAL)
}

/// Calls `poll` with the caller's context, in which the signal never appears.
#[inline(always)]
pub(crate) fn without<R>(context: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
    #[cfg(feature = "std")]
    {
        let mut inert;
        let context = if is_cancel(context) {
            inert = Context::from_waker(kept_inert());
            &mut inert
        } else {
            context
        };
        // Called in one place, so that it can be inlined.
        poll(context)
    }
    #[cfg(not(feature = "std"))]
    if is_cancel(context) { poll(&mut Context::from_waker(&inert())) } else { poll(context) }
}

struct Inert;

impl Wake for Inert {
    fn wake(self: Arc<Self>) {}
}

/// Makes a waker that does nothing and is not the signal.
fn inert() -> Waker {
    Arc::new(Inert).into()
}

/// Returns the one that is made once. Without `std` there is no place to keep it.
#[cfg(feature = "std")]
#[cold]
fn kept_inert() -> &'static Waker {
    static INERT: std::sync::OnceLock<Waker> = std::sync::OnceLock::new();
    INERT.get_or_init(inert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_polls_with_the_very_signal_is_not_taken_for_a_guard() {
        assert!(is_cancel(&context()));
        without(&mut context(), |context| assert!(!is_cancel(context)));
    }
}
