//! The future around the user's block.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    handoff::{Adopted, Chain},
    outcome::{Exit, Outcome},
    signal,
    unwind::{Payload, catch_in},
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

#[cfg(feature = "stream")]
impl<F: Future> Body<F> {
    /// The future, for as long as it runs.
    pub(crate) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut F>> {
        match self.project() {
            BodyProject::Running { future, .. } => Some(future),
            BodyProject::Ended => None,
        }
    }
}

#[cfg(feature = "stream")]
impl<F> Body<F> {
    /// The future, to look at.
    pub(crate) const fn future_ref(&self) -> Option<&F> {
        match self {
            Self::Running { future, .. } => Some(future),
            Self::Ended => None,
        }
    }
}

impl<F: Future> Future for Body<F> {
    type Output = Exit<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        poll(self, context)
    }
}

/// A body whatever its future is. What polls it is compiled once for each output, not once for each function.
trait AnyBody<T> {
    /// What it is made of, for as long as it runs.
    #[allow(clippy::type_complexity, reason = "an alias would hide what it is")]
    fn running(self: Pin<&mut Self>) -> Option<(Pin<&mut dyn Future<Output = T>>, &mut Adopted)>;

    /// Drops what it holds.
    fn end(self: Pin<&mut Self>);
}

impl<F: Future> AnyBody<F::Output> for Body<F> {
    fn running(self: Pin<&mut Self>) -> Option<(Pin<&mut dyn Future<Output = F::Output>>, &mut Adopted)> {
        match self.project() {
            BodyProject::Running { future, adopted } => Some((future, adopted)),
            BodyProject::Ended => None,
        }
    }

    fn end(mut self: Pin<&mut Self>) {
        self.set(Self::Ended);
    }
}

fn poll<T>(mut body: Pin<&mut dyn AnyBody<T>>, context: &mut Context<'_>) -> Poll<Exit<T>> {
    let Some((mut future, adopted)) = body.as_mut().running() else {
        panic!("`finally` polled after completion")
    };
    let mut chain = adopted.take();
    let outcome = if signal::is_cancel(context) {
        Outcome::Cancelled
    } else {
        let mut polled = Poll::Pending;
        match inside(&mut chain, &mut || polled = future.as_mut().poll(context)) {
            Err(payload) => Outcome::Panicked(payload),
            Ok(()) => match polled {
                Poll::Ready(value) => Outcome::Returned(value),
                Poll::Pending => {
                    let _ = chain.poll(context);
                    adopted.keep(chain);
                    return Poll::Pending;
                }
            },
        }
    };
    // What the body holds goes before its cleanup starts, and a panic on that way must not lose the cleanup.
    let drop_panic = inside(&mut chain, &mut || body.as_mut().end()).err();
    Poll::Ready(Exit { outcome, drop_panic, adopted: chain })
}

/// Runs what belongs to the user, enclosed by a body.
fn inside(chain: &mut Chain, run: &mut dyn FnMut()) -> Result<(), Payload> {
    let mut caught = Ok(());
    chain.collect(&mut || caught = catch_in(run));
    caught
}
