//! The future around the user's block.

use core::{
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    handoff::{Adopted, Chain},
    outcome::{Exit, Outcome},
    signal,
    unwind::{Payload, catch_in},
};

/// The user's block, to be awaited in a coroutine. Not a function, and so one less that is compiled for each of the user's.
#[must_use = "a body runs when it is awaited"]
pub struct Body<F>(pub F);

impl<F: Future> IntoFuture for Body<F> {
    type Output = Exit<F::Output>;
    type IntoFuture = RunningBody<F>;

    #[inline(always)]
    fn into_future(self) -> RunningBody<F> {
        RunningBody::Running { future: self.0, adopted: Adopted::NONE }
    }
}

pin_project! {
    /// Polls the user's block, catches its panic, and on the cancel signal drops it.
    ///
    /// Cleanups of futures that were cancelled inside the block are adopted: they are driven beside it, and what is not
    /// finished when it ends goes along with the exit.
    #[project = BodyProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum RunningBody<F> {
        Running {
            #[pin]
            future: F,
            adopted: Adopted,
        },
        Ended,
    }
}

impl<F: Future> Future for RunningBody<F> {
    type Output = Exit<F::Output>;

    #[inline(always)]
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

impl<F: Future> AnyBody<F::Output> for RunningBody<F> {
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
    let Some((future, adopted)) = body.as_mut().running() else {
        panic!("`finally` polled after completion")
    };
    let mut exit = if signal::is_cancel(context) {
        Exit::of_body(Outcome::Cancelled, adopted.take())
    } else {
        ready!(run(future, adopted, context))
    };
    exit.drop_body(&mut || body.as_mut().end());
    Poll::Ready(exit)
}

/// Polls what belongs to the user, and beside it the cleanups that it has left to be adopted.
pub(crate) fn run<T>(
    mut future: Pin<&mut dyn Future<Output = T>>,
    adopted: &mut Adopted,
    context: &mut Context<'_>,
) -> Poll<Exit<T>> {
    let mut chain = adopted.take();
    let mut polled = Poll::Pending;
    let outcome = match inside(&mut chain, &mut || polled = future.as_mut().poll(context)) {
        Err(payload) => Outcome::Panicked(payload),
        Ok(()) => match polled {
            Poll::Ready(value) => Outcome::Returned(value),
            Poll::Pending => {
                let _ = chain.poll(context);
                adopted.keep(chain);
                return Poll::Pending;
            }
        },
    };
    Poll::Ready(Exit::of_body(outcome, chain))
}

impl<T> Exit<T> {
    /// What the body holds goes before its cleanup starts, and a panic on that way must not lose the cleanup.
    pub(crate) fn drop_body(&mut self, drop: &mut dyn FnMut()) {
        self.drop_panic = inside(&mut self.adopted, drop).err();
    }
}

/// Runs what belongs to the user, enclosed by a body.
fn inside(chain: &mut Chain, run: &mut dyn FnMut()) -> Result<(), Payload> {
    let mut caught = Ok(());
    chain.collect(&mut || caught = catch_in(run));
    caught
}
