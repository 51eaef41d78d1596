//! The form of a cleanup that needs none of the function's arguments: a future and a handler, no coroutine.

use core::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use crate::{
    body,
    handoff::Adopted,
    outcome::{Exit, Outcome},
    settle::{Ending, Hold, deliver},
};

/// How far a combinator is, for `Debug`.
#[derive(Debug)]
pub(crate) enum Phase {
    Body,
    Cleanup,
    Done,
}

pin_project! {
    /// A body and what concludes it. The handler is called on every fate, when the body is gone: there is nothing to resume,
    /// so dropped early, this drops the body and calls the handler.
    ///
    /// What the handler ends in is a parameter, for the reason that [`Guard`](crate::guard::Guard) tells.
    #[project = CombinatorProject]
    #[must_use = "futures do nothing unless they are awaited"]
    pub enum Combinator<F, H, E>
    where
        F: Future,
        H: Conclude<F::Output, Ending = E>,
        E: Ending,
    {
        Running {
            #[pin]
            future: F,
            handler: Option<H>,
            adopted: Adopted,
            entered: bool,
        },
        Settling {
            #[pin]
            held: E::Held,
        },
        Done,
    }

    impl<F, H, E> PinnedDrop for Combinator<F, H, E>
    where
        F: Future,
        H: Conclude<F::Output, Ending = E>,
        E: Ending,
    {
        fn drop(this: Pin<&mut Self>) {
            leave(this);
        }
    }
}

/// What follows a body: evaluates the cleanup, and puts it beside the exit.
pub trait Conclude<T> {
    type Ending;

    fn conclude(self, exit: Exit<T>) -> Self::Ending;
}

/// As an expansion writes it.
impl<T, H, E> Conclude<T> for H
where
    H: FnOnce(Exit<T>) -> E,
{
    type Ending = E;

    fn conclude(self, exit: Exit<T>) -> E {
        self(exit)
    }
}

impl<F, H, E> Combinator<F, H, E>
where
    F: Future,
    H: Conclude<F::Output, Ending = E>,
    E: Ending,
{
    pub(crate) const fn new(future: F, handler: H) -> Self {
        Self::Running { future, handler: Some(handler), adopted: Adopted::NONE, entered: false }
    }

    /// The future, for as long as it runs.
    #[cfg(feature = "stream")]
    pub(crate) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut F>> {
        match self.project() {
            CombinatorProject::Running { future, .. } => Some(future),
            CombinatorProject::Settling { .. } | CombinatorProject::Done => None,
        }
    }

    /// The future, to look at.
    #[cfg(feature = "stream")]
    pub(crate) const fn future_ref(&self) -> Option<&F> {
        match self {
            Self::Running { future, .. } => Some(future),
            Self::Settling { .. } | Self::Done => None,
        }
    }

    /// Whether the result was delivered.
    #[cfg(feature = "stream")]
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// How far it is, for `Debug`.
    pub(crate) const fn phase(&self) -> Phase {
        match self {
            Self::Running { .. } => Phase::Body,
            Self::Settling { .. } => Phase::Cleanup,
            Self::Done => Phase::Done,
        }
    }
}

impl<F, H, E> Future for Combinator<F, H, E>
where
    F: Future,
    H: Conclude<F::Output, Ending = E>,
    E: Ending,
{
    type Output = E::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<E::Output> {
        poll(self, context)
    }
}

/// A combinator whatever its future is. What drives it is compiled once for each output, not once for each function.
trait AnyCombinator<T, E: Ending> {
    fn stage(self: Pin<&mut Self>) -> Stage<'_, T, E>;

    /// Drops the body, and calls the handler.
    fn conclude(self: Pin<&mut Self>, exit: Exit<T>) -> E;

    /// Goes on to awaiting the cleanup, or to the end. Drops what was there before.
    fn proceed(self: Pin<&mut Self>, held: Option<E::Held>);
}

enum Stage<'a, T, E: Ending> {
    Running { future: Pin<&'a mut dyn Future<Output = T>>, adopted: &'a mut Adopted, entered: &'a mut bool },
    Settling(Pin<&'a mut E::Held>),
    Done,
}

impl<F, H, E> AnyCombinator<F::Output, E> for Combinator<F, H, E>
where
    F: Future,
    H: Conclude<F::Output, Ending = E>,
    E: Ending,
{
    fn stage(self: Pin<&mut Self>) -> Stage<'_, F::Output, E> {
        match self.project() {
            CombinatorProject::Running { future, adopted, entered, .. } => {
                Stage::Running { future, adopted, entered }
            }
            CombinatorProject::Settling { held } => Stage::Settling(held),
            CombinatorProject::Done => Stage::Done,
        }
    }

    fn conclude(mut self: Pin<&mut Self>, mut exit: Exit<F::Output>) -> E {
        let handler = match self.as_mut().project() {
            CombinatorProject::Running { handler, .. } => handler.take(),
            CombinatorProject::Settling { .. } | CombinatorProject::Done => None,
        };
        let Some(handler) = handler else { unreachable!("a body ends once") };
        exit.drop_body(&mut || self.as_mut().proceed(None));
        handler.conclude(exit)
    }

    fn proceed(mut self: Pin<&mut Self>, held: Option<E::Held>) {
        self.set(match held {
            Some(held) => Self::Settling { held },
            None => Self::Done,
        });
    }
}

fn poll<T, E: Ending>(
    mut combinator: Pin<&mut dyn AnyCombinator<T, E>>,
    context: &mut Context<'_>,
) -> Poll<E::Output> {
    loop {
        let settled = match combinator.as_mut().stage() {
            Stage::Running { future, adopted, entered } => {
                *entered = true;
                let exit = ready!(body::run(future, adopted, context));
                *entered = false;
                match combinator.as_mut().conclude(exit).begin() {
                    Ok(settled) => return Poll::Ready(deliver(settled)),
                    Err(held) => {
                        combinator.as_mut().proceed(Some(held));
                        continue;
                    }
                }
            }
            Stage::Settling(held) => ready!(held.poll(context)),
            Stage::Done => panic!("`finally` polled after completion"),
        };
        combinator.proceed(None);
        return Poll::Ready(deliver(settled));
    }
}

/// What a drop does: drops a body that is under way, and calls the handler.
fn leave<T, E: Ending>(mut combinator: Pin<&mut dyn AnyCombinator<T, E>>) {
    let Stage::Running { adopted, entered, .. } = combinator.as_mut().stage() else { return };
    // Going on to the end drops the body, and comes here again.
    if mem::replace(entered, false) {
        let exit = Exit::of_body(Outcome::Cancelled, adopted.take());
        combinator.conclude(exit).abandon();
    }
}
