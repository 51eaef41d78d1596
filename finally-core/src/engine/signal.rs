//! The cancel signal: a driver that is dropped early polls its coroutine once more with a waker that means "end now".
//!
//! The signal is [`Waker::noop`], which needs no thread-local, no allocation and no `unsafe`. A caller may poll with
//! that very waker, so a driver passes it on under another identity, and only a driver's own last poll ever carries it.

use alloc::{sync::Arc, task::Wake};
use core::task::{Context, Waker};

/// It is a static, because the address of `Waker::noop()` may differ from one codegen unit to the next.
static SIGNAL: &Waker = Waker::noop();

/// Returns the context of a driver's last poll.
pub(crate) fn context() -> Context<'static> {
    Context::from_waker(SIGNAL)
}

/// Returns whether this poll is a driver's last one.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn is_cancel(context: &Context<'_>) -> bool {
    context.waker().will_wake(SIGNAL)
}

struct Inert;

impl Wake for Inert {
    fn wake(self: Arc<Self>) {}
}

/// Calls a function with a context that wakes nobody and is not the signal, in place of a caller's context that is.
pub(crate) fn with_inert<R>(poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
    // It is made once if there is a place to keep it.
    #[cfg(feature = "std")]
    static INERT: std::sync::OnceLock<Waker> = std::sync::OnceLock::new();
    #[cfg(feature = "std")]
    let waker = INERT.get_or_init(|| Arc::new(Inert).into());
    #[cfg(not(feature = "std"))]
    let waker = &Arc::new(Inert).into();
    poll(&mut Context::from_waker(waker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_polls_with_the_very_signal_is_not_taken_for_a_driver() {
        assert!(is_cancel(&context()));
        assert!(!with_inert(|context| is_cancel(context)));
    }
}
