//! A cleanup that is awaited where it stands and goes no further than its caller: `on_cancel = skip`, and with something
//! after it, `on_cancel = (..)`.

use core::{
    future::{Future, IntoFuture},
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{Cleanup, CleanupValue, Detach, HasEnding, Sealed, Strategy};
use crate::{
    engine::{
        body::{End, Run},
        ending::{Ending as _, PollEnding, Unboxed, poll_cleanup},
        exit::Exit,
        unwind::{Payload, abort, polled_after_completion},
        verdict::{Rules, Verdict},
    },
    failure::{self, FailureKind},
    handoff::Adopted,
};

/// Makes a cleanup that is not awaited on cancellation.
///
/// It may borrow and be `!Send`, because it stays on its thread, and it is not boxed. On a value and a panic it is awaited in
/// the same task. On cancellation it is dropped, unpolled or half-way. The handler that makes it is called on every fate.
///
/// Return it from a handler or a [`guard`](crate::guard()), or use it as the cleanup of an attribute. A
/// [`Scope`](crate::Scope) does not accept it.
///
/// # Examples
///
/// ```
/// use finally::{FinallyExt, skip_on_cancel};
///
/// async fn flush(log: &str) {
///     println!("{log} is on disk");
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let log = String::from("log");
/// let length = async { log.len() }.finally(|| skip_on_cancel(flush(&log))).await;
/// assert_eq!(length, 3);
/// # });
/// ```
pub const fn skip_on_cancel<F: IntoFuture>(cleanup: F) -> SkipOnCancel<F> {
    SkipOnCancel(cleanup)
}

/// A cleanup that is skipped on cancellation, returned by [`skip_on_cancel`]. It is not a future.
#[derive(Debug)]
#[must_use = "a cleanup is awaited by what it is the cleanup of"]
pub struct SkipOnCancel<F>(F);

/// Marks a cleanup of [`skip_on_cancel`] in the third parameter of a [`Finally`](crate::Finally) or a [`Guard`](crate::Guard).
#[derive(Debug)]
pub enum Skippable {}

#[diagnostic::do_not_recommend]
impl<F> Cleanup<Skippable> for SkipOnCancel<F>
where
    F: IntoFuture<Output: CleanupValue>,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Work = SkipOnCancel<F::IntoFuture>;
    type Detached = Self::Work;

    fn into_work(self) -> Self::Work {
        SkipOnCancel(self.0.into_future())
    }

    fn into_future(self) -> F::IntoFuture {
        self.0.into_future()
    }
}

impl<F> Sealed<Skippable> for SkipOnCancel<F> {}

impl<F> Detach<Skippable, Self> for SkipOnCancel<F> {
    fn detached(self) -> Self {
        self
    }
}

impl<F: Future> HasEnding<Skippable> for SkipOnCancel<F> {
    type Ending<T> = Unboxed<InlineEnding<T, F>>;
}

impl<F, V> Strategy<Skippable, V> for SkipOnCancel<F>
where
    F: Future<Output = V>,
    V: CleanupValue,
{
    fn settle<T>(started: Result<Self, Payload>, exit: Exit<T>, rules: Rules<T, V>) -> Self::Ending<T> {
        Unboxed::new(InlineEnding::new(started.map(|cleanup| Some(cleanup.0)), exit, rules))
    }
}

pin_project! {
    /// Awaits the cleanups that the body adopted, then its own cleanup, then the ones that this adopted. Ends in a verdict.
    /// If it is dropped half-way, the cleanup ends there.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct InlineEnding<T, F>
    where
        F: Future,
    {
        verdict: Option<Verdict<T>>,
        // The cleanups adopted by the body until the cleanup starts, and by the cleanup after that.
        adopted: Adopted,
        #[pin]
        stage: Stage<F>,
        rules: Rules<T, F::Output>,
    }

    impl<T, F> PinnedDrop for InlineEnding<T, F>
    where
        F: Future,
    {
        fn drop(this: Pin<&mut Self>) {
            if let Some(left) = this.leave() {
                left.abandon();
            }
        }
    }
}

impl<T, F> InlineEnding<T, F>
where
    F: Future,
{
    /// Combines a body's exit with its cleanup, if there is one.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(built: Result<Option<F>, Payload>, exit: Exit<T>, rules: Rules<T, F::Output>) -> Self {
        let (verdict, adopted) = exit.into_parts(&rules.texts);
        let stage = match built {
            Ok(Some(cleanup)) => Stage::Cleanup { cleanup, is_started: false },
            Ok(None) => Stage::Nothing,
            Err(payload) => Stage::Panicked { payload: Some(payload) },
        };
        Self { verdict: Some(verdict), adopted, stage, rules }
    }

    /// Adds a panic out of the drop of a value that belongs to the cleanup.
    pub(super) fn with_drop_of_cleanup(
        &self,
        verdict: Verdict<T>,
        dropped: Result<(), Payload>,
    ) -> Verdict<T> {
        match dropped {
            Ok(()) => verdict,
            Err(payload) => verdict.with_cleanup(Err(payload), &self.rules, false),
        }
    }

    /// Ends the cleanup where it is, because the caller has left. Does nothing if the caller has the result.
    pub(super) fn interrupt(self: Pin<&mut Self>) {
        let mut this = self.project();
        let texts = &this.rules.texts;
        let Some(verdict) = this.verdict.take() else { return };
        let mut left = verdict.left(texts);
        let has_ended = match this.stage.as_mut().project() {
            StageProject::Cleanup { .. } | StageProject::Nothing => false,
            StageProject::Ended => true,
            StageProject::Interrupted { has_ended } => *has_ended,
            StageProject::Panicked { payload } => {
                if let Some(payload) = payload.take() {
                    failure::report_panic(FailureKind::CleanupPanicked, payload, texts.location);
                }
                true
            }
        };
        let (adopted, dropped) =
            this.adopted.take().dropping(|| this.stage.set(Stage::Interrupted { has_ended }));
        left.add_drop_panic(dropped, texts.location);
        (*this.verdict, *this.adopted) = (Some(left), adopted);
    }

    /// Takes what an interruption has left. Returns nothing if there was none, or if it was taken before.
    pub(super) fn interrupted(self: Pin<&mut Self>) -> Option<Interrupted<T>> {
        let this = self.project();
        let StageProject::Interrupted { has_ended } = this.stage.project() else { return None };
        let left = this.verdict.take()?;
        Some(Interrupted { left, adopted: this.adopted.take(), has_ended: *has_ended })
    }
}

pin_project! {
    #[project = StageProject]
    enum Stage<F> {
        /// Waits for the cleanups that the body adopted, and starts.
        Cleanup {
            #[pin]
            cleanup: F,
            is_started: bool,
        },
        /// The evaluation panicked. Empty once the panic is part of the verdict.
        Panicked { payload: Option<Payload> },
        /// The body was cancelled, and there is no cleanup.
        Nothing,
        Ended,
        /// The caller has left.
        Interrupted { has_ended: bool },
    }
}

impl<F: Future> Run<F::Output> for Stage<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            StageProject::Cleanup { cleanup, .. } => cleanup.poll(context),
            StageProject::Panicked { .. }
            | StageProject::Nothing
            | StageProject::Ended
            | StageProject::Interrupted { .. } => abort(&"a cleanup that has ended is not polled"),
        }
    }
}

impl<F> End for Stage<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn end(mut self: Pin<&mut Self>) {
        self.set(Self::Ended);
    }
}

/// The remains of a body and its cleanup after the caller has left.
pub(super) struct Interrupted<T> {
    /// A panic out of a drop, if there was one.
    pub(super) left: Verdict<T>,
    /// The unfinished cleanups that were handed off inside the two.
    pub(super) adopted: Adopted,
    /// Whether the cleanup has ended by itself. One that was never made has not.
    pub(super) has_ended: bool,
}

/// Held by a driver.
impl<T, F> PollEnding for InlineEnding<T, F>
where
    F: Future,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict<T>> {
        let mut this = self.project();
        // By a unique reference, because the cleanup may keep unique references to its own variables.
        let is_started =
            matches!(this.stage.as_mut().project(), StageProject::Cleanup { is_started: true, .. });
        if !is_started {
            ready!(this.adopted.poll_end(context));
        }
        let cleaned = match this.stage.as_mut().project() {
            StageProject::Cleanup { is_started, .. } => {
                *is_started = true;
                Some(ready!(poll_cleanup(this.stage, this.adopted, &this.rules.texts, context)))
            }
            StageProject::Panicked { payload } => payload.take().map(Err),
            StageProject::Nothing | StageProject::Ended | StageProject::Interrupted { .. } => None,
        };
        if let Some(cleaned) = cleaned {
            let waits = !this.adopted.has_ended();
            *this.verdict =
                this.verdict.take().map(|verdict| verdict.with_cleanup(cleaned, this.rules, waits));
        }
        ready!(this.adopted.poll_end(context));
        match this.verdict.take() {
            Some(verdict) => Poll::Ready(verdict),
            None => polled_after_completion(),
        }
    }

    /// Drops the cleanup without finishing it.
    fn leave(mut self: Pin<&mut Self>) -> Option<Verdict<T>> {
        self.as_mut().interrupt();
        let Interrupted { left, adopted, .. } = self.interrupted()?;
        adopted.pass_on();
        Some(left)
    }

    fn location(&self) -> &'static Location<'static> {
        self.rules.texts.location
    }
}
