//! The future around the user's block.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    handoff::Adopted,
    outcome::{Exit, Outcome},
    signal,
    unwind::catch,
};

pin_project! {
    /// Polls the user's block, catches its panic, and on the cancel signal drops it.
    ///
    /// Cleanups of futures that were cancelled inside the block are adopted: they are driven beside it, and what is not
    /// finished when it ends goes along with the exit.
    #[project = BodyProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum Body<F> {
        Running {
            #[pin]
            future: F,
            adopted: Adopted,
        },
        Ended,
    }
}

impl<F: Future> Body<F> {
    pub(crate) const fn new(future: F) -> Self {
        Self::Running { future, adopted: Adopted::new() }
    }

    /// The future, for as long as it runs.
    #[cfg(feature = "stream")]
    pub(crate) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut F>> {
        match self.project() {
            BodyProject::Running { future, .. } => Some(future),
            BodyProject::Ended => None,
        }
    }
}

impl<F: Future> Future for Body<F> {
    type Output = Exit<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let BodyProject::Running { future, adopted } = self.as_mut().project() else {
            panic!("`finally` polled after completion")
        };
        let mut chain = adopted.take();
        let outcome = if signal::is_cancel(context) {
            Outcome::Cancelled
        } else {
            match chain.collect(|| catch(|| future.poll(context))) {
                Ok(Poll::Ready(value)) => Outcome::Returned(value),
                Err(payload) => Outcome::Panicked(payload),
                Ok(Poll::Pending) => {
                    let _ = chain.poll(context);
                    adopted.keep(chain);
                    return Poll::Pending;
                }
            }
        };
        // What the body holds goes before its cleanup starts, and a panic on that way must not lose the cleanup.
        let drop_panic = chain.collect(|| catch(|| self.set(Self::Ended))).err();
        Poll::Ready(Exit { outcome, drop_panic, adopted: chain })
    }
}
