//! `.settled()`: a future together with the cleanups that are handed off inside it.

use core::{
    fmt,
    future::{Future, Ready},
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    cleanup::skip::InlineEnding,
    engine::{
        combinator::{Combinator, Conclude},
        ending::Unboxed,
        exit::Exit,
        verdict::{Rules, Texts},
    },
    macros::{describe::Describe, opaque},
};

pin_project! {
    /// A future that completes when the one in it has completed and every cleanup handed off inside it has ended.
    ///
    /// [`FinallyExt::settled`](crate::FinallyExt::settled) makes it. It is `Send` and `Sync` if the future and its output are.
    ///
    /// # Panics
    ///
    /// Panics if it is polled again after its end.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the cleanups continue, and the enclosing finally waits for them. See
    /// [`FinallyExt::settled`](crate::FinallyExt::settled).
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Settled<F: Future> {
        #[pin]
        combinator: Combinator<F, Waiting, Unboxed<InlineEnding<F::Output, Ready<()>>>>,
    }
}

impl<F: Future> Settled<F> {
    #[track_caller]
    pub(crate) const fn new(future: F) -> Self {
        Self { combinator: Combinator::new(future, Waiting(Location::caller())) }
    }
}

impl<F: Future> Future for Settled<F> {
    type Output = F::Output;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().combinator.poll(context)
    }
}

/// Shows how far it is, and asks nothing of the future.
impl<F: Future> fmt::Debug for Settled<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Settled").field(&self.combinator.phase()).finish()
    }
}

/// Concludes a body without a cleanup of its own, so that nothing is left but to wait.
struct Waiting(&'static Location<'static>);

impl<T> Conclude<T> for Waiting {
    type Ending = Unboxed<InlineEnding<T, Ready<()>>>;

    fn conclude(self, exit: Exit<T>) -> Self::Ending {
        let texts = Texts { body: opaque::describe as Describe<T>, cleanup: |_| None, location: self.0 };
        Unboxed::new(InlineEnding::new(Ok(None), exit, Rules::new(texts)))
    }
}
