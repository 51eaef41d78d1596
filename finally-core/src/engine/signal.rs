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

/// Replaces a caller's context that carries the signal by one that does not.
///
/// It is a macro, because a function would have to take a closure, and a debug build would have the frames of both on the stack of
/// each level of a nest.
macro_rules! without_signal {
    ($context:ident) => {
        let waker;
        let mut inert;
        let $context = if $crate::engine::signal::is_cancel($context) {
            waker = $crate::engine::signal::inert();
            inert = core::task::Context::from_waker(&waker);
            &mut inert
        } else {
            // A context of our own in both cases, because the waker does not live as long as the caller's.
            #[cfg(not(feature = "std"))]
            let $context = {
                inert = core::task::Context::from_waker($context.waker());
                &mut inert
            };
            $context
        };
    };
}

pub(crate) use without_signal;

struct Inert;

impl Wake for Inert {
    fn wake(self: Arc<Self>) {}
}

/// Returns a waker that does nothing and is not the signal. It is made once.
#[cfg(feature = "std")]
#[cold]
pub(crate) fn inert() -> &'static Waker {
    static INERT: std::sync::OnceLock<Waker> = std::sync::OnceLock::new();
    INERT.get_or_init(|| Arc::new(Inert).into())
}

/// Makes a waker that does nothing and is not the signal. Without `std` there is no place to keep it.
#[cfg(not(feature = "std"))]
#[cold]
pub(crate) fn inert() -> Waker {
    Arc::new(Inert).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_polls_with_the_very_signal_is_not_taken_for_a_driver() {
        assert!(is_cancel(&context()));
        let context = &mut context();
        without_signal!(context);
        assert!(!is_cancel(context));
    }
}
